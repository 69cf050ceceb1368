"""
A rare class
============

One row of twenty is positive. Accuracy is of no use then: a model that always says
"negative" has 95 %. Optimise a metric that looks at the rare class, and choose the
threshold afterwards.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import make_classification
from sklearn.metrics import ConfusionMatrixDisplay, PrecisionRecallDisplay
from sklearn.model_selection import TunedThresholdClassifierCV, train_test_split

from evolearn import EvolutionaryClassifier

X, y = make_classification(
    1500, n_informative=5, weights=[0.95], class_sep=1.2, flip_y=0.01, random_state=0
)
X_train, X_rest, y_train, y_rest = train_test_split(
    X, y, test_size=0.5, stratify=y, random_state=0
)
X_tune, X_test, y_tune, y_test = train_test_split(
    X_rest, y_rest, test_size=0.5, stratify=y_rest, random_state=0
)
model = EvolutionaryClassifier(
    scoring="average_precision",
    time_budget=None,
    n_evaluations=12,
    search_space=["logistic_regression", "extra_trees", "linear_discriminant_analysis"],
    cv=3,
    random_state=0,
)
model.fit(X_train, y_train)
print(model.summary())

# %%
# At a threshold of 0.5, many positive rows are missed. scikit-learn finds a better one, on
# rows that ``fit`` did not get. The model is not fitted again.
tuned = TunedThresholdClassifierCV(model, scoring="f1", cv="prefit", refit=False)
tuned.fit(X_tune, y_tune)
print(f"threshold: {tuned.best_threshold_:.3f}")

figure, axes = plt.subplots(1, 2, figsize=(8, 3.6), layout="constrained")
for ax, (name, estimator) in zip(
    axes, {"threshold 0.5": model, "tuned": tuned}.items(), strict=True
):
    ConfusionMatrixDisplay.from_estimator(
        estimator, X_test, y_test, ax=ax, cmap="Blues", colorbar=False
    )
    ax.set(title=name)

# %%
# All thresholds at once:
PrecisionRecallDisplay.from_estimator(model, X_test, y_test, plot_chance_level=True)
