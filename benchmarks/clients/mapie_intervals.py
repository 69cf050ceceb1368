"""MAPIE makes prediction intervals and sets of fitted models, by split conformal prediction."""

import mapie
import numpy as np
from mapie.classification import SplitConformalClassifier
from mapie.regression import SplitConformalRegressor
from tables import MODEL_SETTINGS, mixed_table

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor

X, y, labels = mixed_table(900)
model = EvolutionaryRegressor(**MODEL_SETTINGS).fit(X[:300], y[:300])
conformal = SplitConformalRegressor(estimator=model, confidence_level=0.9, prefit=True)
conformal.conformalize(X[300:600], y[300:600])
_, intervals = conformal.predict_interval(X[600:])
low, high = np.squeeze(intervals, axis=-1).T
coverage = np.mean((low <= y[600:]) & (y[600:] <= high))
assert 0.8 < coverage <= 1.0

classifier = EvolutionaryClassifier(**MODEL_SETTINGS).fit(X[:300], labels[:300])
conformal = SplitConformalClassifier(estimator=classifier, confidence_level=0.9, prefit=True)
conformal.conformalize(X[300:600], labels[300:600])
_, sets = conformal.predict_set(X[600:])
truth = np.searchsorted(classifier.classes_, labels[600:])
covered = np.squeeze(sets, axis=-1)[np.arange(len(truth)), truth].mean()
assert 0.8 < covered <= 1.0
print(f"mapie {mapie.__version__}: intervals cover {coverage:.2f}, sets {covered:.2f} (0.90)")
