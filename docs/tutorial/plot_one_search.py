"""
One search, step by step
========================

This page follows one small search: from the first candidates to parents, offspring and the
ensemble.

The table is made by a known formula, so that we can see whether the search comes near it:
the target is ``10 sin(pi a b) + 20 (c - 0.5)² + 10 d + 5 e``, plus a little noise. The
column ``f`` has nothing to do with it. No column alone explains the first part; it depends
on the product of ``a`` and ``b``.
"""

import pandas as pd
from sklearn.datasets import make_friedman1

from evolearn import EvolutionaryRegressor
from evolearn.plots import (
    EnsembleDisplay,
    EstimateDisplay,
    GenerationsDisplay,
    LineageDisplay,
    SearchProgressDisplay,
)


def drawn(random_state):
    """Return 300 rows and their target."""
    X, y = make_friedman1(300, n_features=6, noise=0.5, random_state=random_state)
    return pd.DataFrame(X, columns=list("abcdef")), y


X_train, y_train = drawn(0)
X_test, y_test = drawn(1)

# %%
# To keep the story short, the search may choose among four types of models only, and ends
# after 64 candidates.
model = EvolutionaryRegressor(
    time_budget=None,
    n_evaluations=64,
    n_iter_no_change=None,
    search_space=[
        "ridge",
        "decision_tree",
        "nearest_neighbors",
        "support_vector_machine",
    ],
    cv=3,
    random_state=1,
)
model.fit(X_train, y_train)

# %%
# What can be tried?
# ------------------
#
# A *candidate* is a whole pipeline. It is described by its *genome*: a value for each
# choice. Some choices concern the preparation of the columns, others the model. Here is the
# genome of the best candidate:
for choice, value in model.best_params_.items():
    print(f"{choice:28} {value}")

# %%
# Choices that make no sense for this table are not offered. The table has no text, so
# nothing has to be decided about text. Each part that was left out has its reason:
print(str(model.search_space_).partition("estimators:\n")[0])

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


def show(candidates):
    """Print a line about each candidate."""
    for number in candidates:
        parents = " and ".join(map(str, results["parents"][number]))
        print(
            f"{number:2}  {results['origin'][number]:10}"
            f" {'of ' + parents if parents else '':12}"
            f" {results['param_estimator'][number]:24}"
            f" {results['status'][number]:7} {results['fitness'][number]:6.3f}"
        )


show(range(8))

# %%
# A candidate that is far behind after a part of the rows is given up: its status is
# ``raced``, and it has no error (``nan``).
#
# Some entries are tried with a formula. Before the search, evolearn looked for formulas of
# columns that explain what single columns do not. More of them came up in the search:
for made in model.insights_.made_columns[:4]:
    print(f"{made.formula}, in {made.n_candidates} candidates")

# %%
# Parents and offspring
# ---------------------
#
# Then evolution begins. The best candidates so far are the parents. *Mutation* copies a
# parent and changes a value or two. *Crossover* takes values from two parents. A few
# candidates are still drawn at random, so that nothing is overlooked. Each child is trained
# and scored as the first candidates were.
show(range(24, 40))

# %%
# The best candidate has a *lineage*: the chain of its ancestors. Each step names what
# changed, and how much of the error it took off. A crossover may join the preparation of
# one parent, such as its formula, with the model of another.
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
# Would it be worth going on? The curve of the best error has the answer.
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
# little too good to be true. On the other hand, the final models have more training rows
# than those of cross-validation. ``estimate_`` corrects for both, and says how far it may
# be off. The test rows, which the search has never seen, show whether that is right. The
# noise alone has an error of 0.5.
print(model.estimate_)
EstimateDisplay.from_estimator(model, X_test, y_test).plot()
