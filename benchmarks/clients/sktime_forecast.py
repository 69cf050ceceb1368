"""sktime forecasts a series by a regressor of its last values."""

import sktime
from sktime.datasets import load_airline
from sktime.forecasting.compose import make_reduction
from sktime.performance_metrics.forecasting import mean_absolute_percentage_error
from sktime.split import temporal_train_test_split
from tables import MODEL_SETTINGS

from evolearn import EvolutionaryRegressor

train, test = temporal_train_test_split(load_airline(), test_size=24)
model = EvolutionaryRegressor(**MODEL_SETTINGS)
forecaster = make_reduction(model, strategy="recursive", window_length=12)
predicted = forecaster.fit(train, fh=range(1, 25)).predict()
error = mean_absolute_percentage_error(test, predicted)
assert error < 0.2
print(f"sktime {sktime.__version__}: mean error of 24 months {error:.1%}")
