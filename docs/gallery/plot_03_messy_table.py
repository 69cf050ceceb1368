"""
A table with dates, text, categories and gaps
=============================================

Tables from real life have numbers with units, dates as text, categories, free text and
missing values. evolearn reads them as they are. This table of houses is made up.
"""

import numpy as np
import pandas as pd
from sklearn.model_selection import train_test_split

from evolearn import EvolutionaryRegressor
from evolearn.plots import EnsembleDisplay

rng = np.random.default_rng(0)
n = 300
area = rng.uniform(40, 200, n)
city = rng.choice(["Ahlen", "Brome", "Celle", "Detmold"], n)
sold = pd.Timestamp("2019-01-01") + pd.to_timedelta(rng.integers(0, 1500, n), unit="D")
garden = rng.random(n) < 0.4
notes = [
    f"{rng.choice(['Bright', 'Quiet', 'Sunny'])} house "
    f"{'with a large garden' if has else 'near the station'}, "
    f"{rng.choice(['oak floor', 'new kitchen', 'two baths', 'old cellar'])}, no. {number}"
    for number, has in enumerate(garden)
]
price = area * 2000 + 30000 * garden + 40000 * (city == "Celle") + rng.normal(0, 15000, n)
X = pd.DataFrame(
    {
        "area": [f"{value:.0f} m2" for value in area],
        "city": city,
        "sold": sold.strftime("%d.%m.%Y"),
        "rooms": np.where(rng.random(n) < 0.2, np.nan, (area // 25).round()),
        "notes": notes,
        "id": [f"H-{number:05d}" for number in range(n)],
    }
)
X.head()

# %%
# Nothing has to be prepared.
X_train, X_test, y_train, y_test = train_test_split(X, price, random_state=0)
model = EvolutionaryRegressor(
    time_budget=None,
    n_evaluations=12,
    search_space=["ridge", "elastic_net", "decision_tree"],
    cv=3,
    random_state=0,
)
model.fit(X_train, y_train)
print(f"R2 on the test rows: {model.score(X_test, y_test):.3f}")

# %%
# How was the table read? Every column has a kind. Where a kind is wrong, the parameter
# ``kinds`` overrides it, as in ``kinds={"sold": "categorical"}``.
for column, kind in model.column_kinds_.items():
    print(f"{column:6} {kind}")

# %%
# A column that only numbers the rows tells nothing and is left out, with the reason.
print(model.dropped_columns_)

# %%
# New rows may have gaps and unseen categories where the training rows had none.
new = X_test.head(2).assign(city=["Zeven", None], rooms=None)
print(model.predict(new).round(-3))

# %%
# These models predict.
EnsembleDisplay.from_estimator(model).plot()
