"""The front door: the two estimators, their parameters and their validation."""
