"""Training and scoring of candidates: folds, racing, warm starts, prepared rows."""
