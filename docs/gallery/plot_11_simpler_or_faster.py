"""
A simpler or a faster model
===========================

The ensemble has the lowest error. A simple model that is nearly as good may be worth more:
it is smaller, faster, and easier to explain. All candidates of the search are still there
to choose from.
"""

from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

from evolearn import EvolutionaryRegressor
from evolearn.plots import ParetoDisplay

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = EvolutionaryRegressor(
    time_budget=None,
    n_evaluations=24,
    search_space=["ridge", "decision_tree", "hist_gradient_boosting", "extra_trees"],
    cv=3,
    random_state=0,
)
model.fit(X_train, y_train)

# %%
# Candidates on the line are the best for their complexity.
ParetoDisplay.from_estimator(model).plot()
print(model.pareto_front_)

# %%
# The same with the seconds of a prediction:
ParetoDisplay.from_estimator(model, x="predict_seconds").plot()

# %%
# ``select`` returns another fitted model of this search, without a new fit: one that is fast,
# small, readable, or of a given rank.
readable = model.select(interpretable=True)
print(f"the ensemble: {model.model_bytes_:9,} bytes, R2 {model.score(X_test, y_test):.3f}")
print(
    f"the readable: {readable.model_bytes_:9,} bytes, R2 {readable.score(X_test, y_test):.3f}"
)
readable.best_estimator_

# %%
# The estimate names a much simpler candidate whose error is within the interval, if there
# is one.
print(model.estimate_.simpler)

# %%
# Any other candidate can be fitted on given rows. The result is a pipeline of scikit-learn.
candidate = int(model.pareto_front_["candidate"][-1])
pipeline = model.refit(candidate, X_train, y_train)
print(f"R2 of candidate {candidate}: {pipeline.score(X_test, y_test):.3f}")
