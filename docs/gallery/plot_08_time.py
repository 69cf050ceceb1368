"""
Rows in the order of time
=========================

To predict the future from the past, candidates must be scored on rows that come later than
those they were trained on. The table counts the riders of a bus line, day by day.
"""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from sklearn.metrics import mean_absolute_error
from sklearn.model_selection import TimeSeriesSplit

from evolearn import EvolutionaryRegressor

rng = np.random.default_rng(0)
days = pd.date_range("2023-01-01", periods=730)
riders = pd.Series(
    1000
    + 0.4 * np.arange(730)
    - 400 * (days.dayofweek >= 5)
    + 120 * np.cos(2 * np.pi * days.dayofyear / 365)
    + rng.normal(0, 50, 730)
)

# %%
# Columns of the past: the same day one and two weeks ago, and a mean of four weeks. The
# date itself is a column too; evolearn makes weekday, month and the like of it.
table = pd.DataFrame(
    {
        "day": days,
        "week_ago": riders.shift(7),
        "two_weeks_ago": riders.shift(14),
        "mean_before": riders.shift(7).rolling(28).mean(),
    }
).iloc[42:]
y = riders.iloc[42:]
past, future = slice(0, -60), slice(-60, None)

model = EvolutionaryRegressor(
    cv=TimeSeriesSplit(3),
    time_budget=None,
    n_evaluations=12,
    search_space=["ridge", "decision_tree", "elastic_net"],
    random_state=0,
)
model.fit(table[past], y[past])
print(model.summary())

# %%
# The last sixty days were kept for a test.
predicted = model.predict(table[future])
print(f"mean absolute error: {mean_absolute_error(y[future], predicted):.0f} riders")
print(
    f"last week's value:   {mean_absolute_error(y[future], table.week_ago[future]):.0f} riders"
)

figure, ax = plt.subplots(figsize=(8, 3), layout="constrained")
ax.plot(table.day[-120:], y[-120:], color="grey", label="riders")
ax.plot(table.day[future], predicted, label="predicted")
ax.legend()
figure.autofmt_xdate()
