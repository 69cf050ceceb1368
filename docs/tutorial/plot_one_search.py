"""
One search, step by step
========================

This page follows one small search: from the first candidates to parents, offspring and the
ensemble. The table has ten measurements of each of 442 patients (age, blood pressure, ...);
the target is the progress of their diabetes after a year.

To keep the story short, the search may choose among four types of models only.
"""

from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

from evolearn import EvolutionaryRegressor
from evolearn.plots import (
    EnsembleDisplay,
    EstimateDisplay,
    GenerationsDisplay,
    LineageDisplay,
    SearchProgressDisplay,
)

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

model = EvolutionaryRegressor(
    time_budget=None,
    n_evaluations=48,
    n_iter_no_change=None,
    search_space=["ridge", "decision_tree", "nearest_neighbors", "hist_gradient_boosting"],
    cv=3,
    random_state=0,
)
model.fit(X_train, y_train)

# %%
# What can be tried?
# ------------------
#
# A *candidate* is a whole pipeline. It is described by its *genome*: a value for each
# choice. Some choices concern the preparation of the columns, others the model. Here is the
# genome of one candidate:
model.leaderboard_["params"][-2]

# %%
# Choices that make no sense for this table are not offered. The table has no text, so
# nothing has to be decided about text. Each part that was left out has its reason:
print(str(model.search_space_)[:1500])

# %%
# The first candidates
# --------------------
#
# The search does not begin at random. It begins with the *portfolio*: good general choices,
# in a fixed order. Each candidate is trained and scored by cross-validation. Here the rows
# are divided into three parts, and each part is predicted by a model that was trained on
# the other two. The mean error of the three parts is the *fitness* of the candidate. Lower
# is better.
results = model.cv_results_
for number in range(6):
    print(
        f"candidate {number}: {results['param_estimator'][number]:24} "
        f"{results['status'][number]:8} error {results['fitness'][number]:6.2f}  "
        f"from the {results['origin'][number]}"
    )

# %%
# A candidate that is far behind after the first part is given up. Its status is ``raced``,
# and it has no error.
#
# Parents and offspring
# ---------------------
#
# Then evolution begins. The best candidates so far are the parents. *Mutation* copies a
# parent and changes a value or two. *Crossover* takes values from two parents. A few
# candidates are still drawn at random, so that nothing is overlooked. Every origin is
# recorded:
for number in range(16, 28):
    parents = ", ".join(str(parent) for parent in results["parents"][number]) or "none"
    print(
        f"candidate {number}: {results['origin'][number]:10} parents: {parents:8} "
        f"{results['param_estimator'][number]}, error {results['fitness'][number]:.2f}"
    )

# %%
# The best candidate has a *lineage*: the chain of its ancestors. Each step names what
# changed, and how much of the error it took off.
print(model.insights_.lineage)
LineageDisplay.from_estimator(model).plot()

# %%
# Generations
# -----------
#
# Sixteen candidates are a generation. The best of all candidates so far stay parents,
# however old they are, so the best error never rises.
print(model.history_)
GenerationsDisplay.from_estimator(model).plot()

# %%
# The curve of the best error is steep in the beginning and flat in the end. That is
# typical, and ``would_longer_help`` judges by it whether it is worth going on.
SearchProgressDisplay.from_estimator(model, x="candidates").plot()
print(model.would_longer_help(seconds=60))

# %%
# The ensemble
# ------------
#
# The best candidate is not the whole result. Another one, worse by itself, may be right
# where the best one is wrong. So candidates are added to an *ensemble* one after another,
# each time the one that lowers the error of the whole most. A candidate may be added
# several times: that is its weight.
print(model.leaderboard_)
EnsembleDisplay.from_estimator(model).plot()

# %%
# The members of the ensemble are then fitted once more, on all rows.
#
# How good is it?
# ---------------
#
# The model was chosen because its error on these rows is low, so that this error is a
# little too good to be true. ``estimate_`` corrects it, and says how far it may be off. The
# test rows, which the search has never seen, show whether that is right.
print(model.estimate_)
EstimateDisplay.from_estimator(model, X_test, y_test).plot()
