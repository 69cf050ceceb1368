"""
Are new rows like the old ones?
===============================

A model keeps predicting when a column changes its unit or a new category comes up.
``check_table`` compares new rows with those of ``fit``, before anybody knows the truth.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from evolearn import EvolutionaryRegressor

rng = np.random.default_rng(0)


def flats(n):
    """Return a table of flats."""
    return pd.DataFrame(
        {
            "size": rng.gamma(9, 8, n).round(1),
            "floor": rng.integers(0, 8, n),
            "city": rng.choice(["Bonn", "Gera", "Kiel"], n),
        }
    )


X = flats(500)
y = 12 * X["size"] + 100 * (X["city"] == "Bonn") + rng.normal(0, 60, 500)
model = EvolutionaryRegressor(
    time_budget=None,
    n_evaluations=6,
    search_space=["ridge", "decision_tree"],
    cv=3,
    random_state=0,
).fit(X, y)

# %%
# New rows of the same kind have no finding.
print(model.check_table(flats(300)))

# %%
# Here sizes are in square feet, and a fourth city came up.
changed = flats(300)
changed["size"] *= 10.76
changed.loc[changed.sample(frac=0.2, random_state=0).index, "city"] = "Rome"
check = model.check_table(changed)
print(check)

# %%
# The predictions look like numbers as usual, but they are far off.
figure, ax = plt.subplots(figsize=(6, 3), layout="constrained")
bins = np.linspace(0, 20000, 60)
ax.hist(model.predict(flats(300)), bins=bins, alpha=0.8, label="as in fit")
ax.hist(model.predict(changed), bins=bins, alpha=0.8, label="changed")
ax.set(xlabel="predicted rent", ylabel="rows")
ax.legend()
