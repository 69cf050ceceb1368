"""
Which columns matter?
=====================

Exchange the values of a column among the rows, and see how much the error rises. Intervals
tell whether a difference may be chance.
"""

import matplotlib.pyplot as plt
import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split

from evolearn import EvolutionaryRegressor

X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
X["noise"] = np.random.default_rng(0).normal(size=len(X))
X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
model = EvolutionaryRegressor(
    time_budget=None,
    n_evaluations=12,
    search_space=["ridge", "extra_trees"],
    cv=3,
    random_state=0,
)
model.fit(X_train, y_train)

# %%
# Use rows that ``fit`` did not get: on others, noise that was learned by heart seems to
# matter.
importances = model.importances(X_test, y_test, n_repeats=3, random_state=0)
print(importances)

# %%
# The same as a picture.
table = importances.frame().iloc[::-1]
figure, ax = plt.subplots(figsize=(6, 4))
ax.errorbar(
    table["importance"],
    table["column"],
    xerr=[table["importance"] - table["lower"], table["upper"] - table["importance"]],
    fmt="o",
    capsize=3,
)
ax.axvline(0, linestyle=":", color="grey")
ax.set(xlabel="rise of the error without the column (RMSE)")

# %%
# Related columns are exchanged together, else each of them seems to matter little.
blood = {"blood values": ["s1", "s2", "s3", "s4", "s5", "s6"]}
print(model.importances(X_test, y_test, groups=blood, n_repeats=3, random_state=0))
