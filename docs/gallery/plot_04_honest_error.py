"""
How good is it really?
======================

The best of many candidates is partly lucky. Here the target is pure chance, so no model can
be better than guessing. The cross-validated error of the best candidate looks better
nevertheless, and the corrected estimate shows that it is not.
"""

import matplotlib.pyplot as plt
import numpy as np

from evolearn import EvolutionaryClassifier

rng = np.random.default_rng(3)
X = rng.normal(size=(120, 8))
y = rng.integers(0, 2, 120)  # has nothing to do with X
X_new, y_new = rng.normal(size=(5000, 8)), rng.integers(0, 2, 5000)

model = EvolutionaryClassifier(
    scoring="roc_auc",
    time_budget=None,
    n_evaluations=40,
    n_iter_no_change=None,
    search_space=["decision_tree", "nearest_neighbors", "gaussian_naive_bayes"],
    cv=3,
    random_state=0,
)
model.fit(X, y)
print(model.estimate_)

# %%
# Errors are 1 - ROC-AUC: guessing has 0.5. On 5,000 new rows the model is what it must be,
# and the interval holds that.
error = 1 - model.score(X_new, y_new)
estimate = model.estimate_
low, high = estimate.interval(n_new_rows=len(y_new))
figure, ax = plt.subplots(figsize=(6, 2.6))
middle = estimate.corrected
ax.errorbar(middle, 1, xerr=[[middle - low], [high - middle]], fmt="o", capsize=4)
ax.plot(estimate.naive, 2, "o")
ax.plot(error, 0, "s", color="black")
ax.axvline(0.5, linestyle=":", color="grey")
ax.set_yticks([0, 1, 2], ["on 5,000 new rows", "corrected, 90 % interval", "naive"])
ax.set(ylim=(-0.6, 2.6), xlabel="1 - ROC-AUC, dotted: guessing")

# %%
# Always report the corrected error with its interval, or the error on rows that ``fit`` did
# not get.
