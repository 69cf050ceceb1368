"""
Your own models
===============

Restrict the search to some models, and add models of your own with the hyperparameters to
tune.
"""

from sklearn.datasets import load_breast_cancer
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from evolearn import Choice, EvolutionaryClassifier, Float, Integer
from evolearn.plots import FamiliesDisplay

X, y = load_breast_cancer(return_X_y=True, as_frame=True)

# %%
# An estimator alone keeps its hyperparameters. A pair of an estimator and domains is tuned.
# Both get prepared columns. A pipeline of yours gets the table as it is.
neighbors = (
    KNeighborsClassifier(),
    {"n_neighbors": Integer(1, 40, log=True), "weights": Choice("uniform", "distance")},
)
vectors = make_pipeline(StandardScaler(), SVC(probability=False))
model = EvolutionaryClassifier(
    search_space=[
        "logistic_regression",
        neighbors,
        (vectors, {"svc__C": Float(0.1, 10, log=True)}),
    ],
    scoring="roc_auc",
    final_model="single",
    time_budget=None,
    n_evaluations=24,
    cv=3,
    random_state=0,
)
model.fit(X, y)
print(model.leaderboard_)

# %%
# Each dot is a candidate. Which type suits this table?
FamiliesDisplay.from_estimator(model).plot()

# %%
# Questions have answers in words.
print(model.why_not("svc"))
print(model.why_not("random forest"))
