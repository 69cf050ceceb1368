"""SHAP explains predictions of a model that was fitted on a frame of numbers and categories."""

import numpy as np
import shap
from tables import MODEL_SETTINGS, mixed_table

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor

X, y, labels = mixed_table()
X = X.assign(city=X["city"].astype("category").cat.codes)  # SHAP masks numbers
model = EvolutionaryRegressor(**MODEL_SETTINGS).fit(X, y)
explained = shap.Explainer(model.predict, X[:50], seed=0)(X[:5])
sums = explained.values.sum(axis=1) + explained.base_values
assert np.allclose(sums, model.predict(X[:5]), atol=1e-6), "values add up to the prediction"
strongest = X.columns[np.abs(explained.values).mean(axis=0).argmax()]

classifier = EvolutionaryClassifier(**MODEL_SETTINGS).fit(X, labels)
explained = shap.Explainer(classifier.predict_proba, X[:50], seed=0)(X[:5])
sums = explained.values.sum(axis=1) + explained.base_values
assert np.allclose(sums, classifier.predict_proba(X[:5]), atol=1e-6)
print(f"shap {shap.__version__}: the strongest column is {strongest}")
