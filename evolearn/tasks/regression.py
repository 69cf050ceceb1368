"""Regression: the expected value of a number."""

from dataclasses import dataclass
from typing import ClassVar

from sklearn.base import BaseEstimator
from sklearn.dummy import DummyRegressor

from evolearn.tasks.base import register_task
from evolearn.tasks.numbers import NumberTask


@register_task
@dataclass(frozen=True, eq=False)
class Regression(NumberTask):
    """The expected value of a number, scored by root mean squared error."""

    name: ClassVar[str] = "regression"
    default_scoring: ClassVar[str] = "neg_root_mean_squared_error"

    def baseline(self) -> BaseEstimator:
        """Return an unfitted model that predicts the mean."""
        return DummyRegressor()
