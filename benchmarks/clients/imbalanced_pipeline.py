"""imbalanced-learn resamples the training rows of a model in its pipeline."""

import imblearn
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import make_pipeline
from sklearn.model_selection import cross_val_score
from tables import MODEL_SETTINGS, mixed_table

from evolearn import EvolutionaryClassifier

X, y, _ = mixed_table(600)
rare = (y > y.quantile(0.92)).astype(int)
scores = {}
for sampler, table in ((RandomOverSampler(random_state=0), X), (SMOTE(random_state=0), None)):
    table = X[["size", "age", "rooms", "noise"]] if table is None else table
    pipeline = make_pipeline(sampler, EvolutionaryClassifier(**MODEL_SETTINGS))
    found = cross_val_score(pipeline, table, rare, cv=3, scoring="average_precision")
    scores[type(sampler).__name__] = round(float(found.mean()), 2)
assert min(scores.values()) > 0.4
print(f"imbalanced-learn {imblearn.__version__}: average precision {scores}")
