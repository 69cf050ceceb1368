"""skforecast forecasts a series by a regressor of its lags."""

import numpy as np
import pandas as pd
import skforecast
from skforecast.recursive import ForecasterRecursive
from tables import MODEL_SETTINGS

from evolearn import EvolutionaryRegressor

months = pd.date_range("2010-01-01", periods=144, freq="MS")
season = 10 * np.sin(np.arange(144) * np.pi / 6)
noise = np.random.default_rng(0).normal(0, 1, 144)
series = pd.Series(100 + 0.5 * np.arange(144) + season + noise, index=months, name="sales")
train, test = series[:120], series[120:]
forecaster = ForecasterRecursive(EvolutionaryRegressor(**MODEL_SETTINGS), lags=12)
forecaster.fit(train)
predicted = forecaster.predict(steps=24)
error = float(np.mean(np.abs(predicted / test - 1)))
assert error < 0.2
importances = forecaster.get_feature_importances()
print(
    f"skforecast {skforecast.__version__}: mean error of 24 months {error:.1%}, the most "
    f"important lag is {importances.iloc[0, 0]}"
)
