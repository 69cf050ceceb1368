"""
Rows that belong together
=========================

Each of forty machines was measured ten times. A model that has seen nine rows of a machine
knows the tenth. If new rows come from new machines, such a score is too good. ``groups``
keeps the rows of a machine together.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from evolearn import EvolutionaryRegressor

rng = np.random.default_rng(0)


def measured(n_machines):
    """Return rows, target and machine of ten measurements of each machine."""
    machine = np.repeat(np.arange(n_machines), 10)
    build = rng.normal(size=(n_machines, 3))[machine]  # is the same in all rows of a machine
    wear = rng.normal(0, 2, n_machines)[machine]
    load = rng.uniform(0, 1, len(machine))
    X = pd.DataFrame(build, columns=["mass", "length", "year"]).assign(load=load)
    return X, 3 * load + wear + rng.normal(0, 0.2, len(machine)), machine


X, y, machine = measured(40)
X_new, y_new, _ = measured(200)

settings = {
    "time_budget": None,
    "n_evaluations": 8,
    "search_space": ["ridge", "decision_tree", "nearest_neighbors"],
    "cv": 4,
    "random_state": 0,
}
alone = EvolutionaryRegressor(**settings).fit(X, y)
grouped = EvolutionaryRegressor(**settings).fit(X, y, groups=machine)

# %%
# Without groups the error in the search is far too good. With groups it is what new
# machines show.
errors = {
    "without groups": (alone.ensemble_fitness_, alone.predict(X_new)),
    "with groups": (grouped.ensemble_fitness_, grouped.predict(X_new)),
}
figure, ax = plt.subplots(figsize=(6, 3), layout="constrained")
for place, (name, (expected, predicted)) in enumerate(errors.items()):
    true = np.sqrt(np.mean((y_new - predicted) ** 2))
    print(f"{name}: {expected:.2f} in the search, {true:.2f} on new machines")
    ax.bar(
        place - 0.2, expected, 0.38, color="C0", label="in the search" if not place else None
    )
    ax.bar(place + 0.2, true, 0.38, color="C1", label="on new machines" if not place else None)
ax.set_xticks([0, 1], list(errors))
ax.set(ylabel="RMSE")
ax.legend()
