"""fairlearn trains models under a fairness constraint, and sets thresholds of a fitted one."""

import fairlearn
from fairlearn.metrics import demographic_parity_difference
from fairlearn.postprocessing import ThresholdOptimizer
from fairlearn.reductions import DemographicParity, ExponentiatedGradient
from tables import MODEL_SETTINGS, mixed_table

from evolearn import EvolutionaryClassifier

X, y, _ = mixed_table(600)
labels, group = (y > y.median()).astype(int), X["city"]
model = EvolutionaryClassifier(**MODEL_SETTINGS).fit(X, labels)


def difference(predicted):
    return demographic_parity_difference(labels, predicted, sensitive_features=group)


before = difference(model.predict(X))
# The reduction fits many weighted models.
small = MODEL_SETTINGS | {"n_evaluations": 1, "search_space": ["logistic_regression"]}
reduced = ExponentiatedGradient(
    EvolutionaryClassifier(**small), DemographicParity(), max_iter=5
)
reduced.fit(X, labels, sensitive_features=group)
after = difference(reduced.predict(X, random_state=0))
optimised = ThresholdOptimizer(
    estimator=model,
    constraints="demographic_parity",
    prefit=True,
    predict_method="predict_proba",
).fit(X, labels, sensitive_features=group)
thresholds = difference(optimised.predict(X, sensitive_features=group, random_state=0))
assert after < before
assert thresholds < before
print(
    f"fairlearn {fairlearn.__version__}: difference between groups {before:.2f}, "
    f"{after:.2f} by reduction, {thresholds:.2f} by thresholds"
)
