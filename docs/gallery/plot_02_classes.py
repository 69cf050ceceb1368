"""
Classes and their probabilities
===============================

Predict which of three growers a wine comes from, and look at the predictions with scikit-
learn's own displays.
"""

import matplotlib.pyplot as plt
from sklearn.datasets import load_wine
from sklearn.metrics import ConfusionMatrixDisplay, classification_report
from sklearn.model_selection import train_test_split

from evolearn import EvolutionaryClassifier

X, y = load_wine(return_X_y=True, as_frame=True)
y = y.map({0: "Adler", 1: "Brand", 2: "Cordes"})  # classes may be strings
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)

model = EvolutionaryClassifier(
    time_budget=None,
    n_evaluations=16,
    search_space=["logistic_regression", "decision_tree", "nearest_neighbors"],
    cv=3,
    random_state=0,
)
model.fit(X_train, y_train)
print(model.summary())

# %%
# Predictions are the labels that were passed. Probabilities are in the order of
# ``classes_``.
print(model.predict(X_test.head(3)))
print(model.classes_)
print(model.predict_proba(X_test.head(3)).round(3))

# %%
# Displays of scikit-learn take the predictions.
print(classification_report(y_test, model.predict(X_test)))
ConfusionMatrixDisplay.from_predictions(y_test, model.predict(X_test), cmap="Blues")

# %%
# The probability of the predicted class, right and wrong predictions apart: a model that
# knows when it does not know is less sure where it is wrong.
surest = model.predict_proba(X_test).max(axis=1)
right = model.predict(X_test) == y_test
figure, ax = plt.subplots(figsize=(6, 3))
ax.hist([surest[right], surest[~right]], bins=10, range=(0.3, 1), stacked=True)
ax.legend(["right", "wrong"], loc="upper left")
ax.set(xlabel="probability of the predicted class", ylabel="test rows")
