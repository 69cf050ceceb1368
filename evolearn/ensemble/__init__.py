"""Ensemble selection, final models, and the stacking model that predicts."""
