"""Fitted models outside of their process: files and plain scikit-learn objects."""
