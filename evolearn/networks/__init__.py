"""Neural networks for tables, in NumPy, as scikit-learn estimators."""

from evolearn.networks.classifier import NetworkClassifier
from evolearn.networks.regressor import NetworkRegressor

__all__ = ["NetworkClassifier", "NetworkRegressor"]
