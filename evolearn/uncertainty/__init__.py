"""Uncertainty of predictions: conformal intervals of numbers, and sets of classes."""
