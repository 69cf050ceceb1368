"""How good it is: folds, scoring, out-of-fold predictions, fold models."""
