"""
A first model
=============

Give evolearn a table and a target, wait, and look at the model. The table has ten
measurements of each of 442 patients, and the progress of their diabetes after a year.
"""

from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

from evolearn import EvolutionaryRegressor
from evolearn.plots import EstimateDisplay

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)

# %%
# A search that ends after a number of candidates, and has no limit of time, gives the same
# result each time. For your own table, write ``EvolutionaryRegressor(time_budget=60)``
# instead.
model = EvolutionaryRegressor(
    time_budget=None,
    n_evaluations=12,
    search_space=["ridge", "decision_tree", "nearest_neighbors"],
    cv=3,
    random_state=0,
)
model.fit(X_train, y_train)
print(model.summary())

# %%
# The first line is the most important one: the error to expect on rows that the model has
# not seen. The picture shows it beside the errors of simpler models, and beside the error
# on the test rows.
EstimateDisplay.from_estimator(model, X_test, y_test).plot()

# %%
# The model predicts like any other estimator of scikit-learn.
print(model.predict(X_test[:3]))
