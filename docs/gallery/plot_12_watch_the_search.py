"""
Look at the search
==================

Was the time well spent, is the error still falling, which kinds of models suit the table,
what did each process do?
"""

from sklearn.datasets import load_breast_cancer

from evolearn import EvolutionaryClassifier
from evolearn.plots import (
    FamiliesDisplay,
    GenerationsDisplay,
    GenesDisplay,
    SearchProgressDisplay,
    TimelineDisplay,
)

X, y = load_breast_cancer(return_X_y=True, as_frame=True)
model = EvolutionaryClassifier(
    time_budget=None,
    n_evaluations=48,
    n_iter_no_change=None,
    search_space=[
        "logistic_regression",
        "decision_tree",
        "nearest_neighbors",
        "gaussian_naive_bayes",
    ],
    cv=3,
    n_jobs=2,
    random_state=0,
)
model.fit(X, y)

# %%
# The error over time, and the best one so far.
SearchProgressDisplay.from_estimator(model, x="candidates").plot()

# %%
# Types of models: each dot is a candidate.
FamiliesDisplay.from_estimator(model).plot()

# %%
# What each process did, and for how long. Candidates that lay far behind were given up.
TimelineDisplay.from_estimator(model).plot()

# %%
# The errors of each generation.
GenerationsDisplay.from_estimator(model).plot()

# %%
# Which choices matter: each stroke is a child that differs from its parent in one choice;
# left of zero it is better.
GenesDisplay.from_estimator(model).plot()

# %%
# The same in words and numbers.
print(model.explain_search())
