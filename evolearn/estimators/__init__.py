"""The public estimators: parameters, their validation, and delegation."""
