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
# The estimate names a much simpler candidate whose error is within the interval, if there
# is one.
print(model.estimate_.simpler)

# %%
# Any candidate can be fitted, on any rows. The result is a pipeline of scikit-learn.
simple = int(model.pareto_front_["candidate"][-1])
pipeline = model.refit(simple, X_train, y_train)
print(f"R2 of the ensemble:       {model.score(X_test, y_test):.3f}")
print(f"R2 of candidate {simple}:        {pipeline.score(X_test, y_test):.3f}")
pipeline
