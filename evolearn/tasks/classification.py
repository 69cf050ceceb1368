"""Classification: the probability of each class."""

from dataclasses import dataclass
from typing import Any, ClassVar

from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier

from evolearn.tasks.base import register_task
from evolearn.tasks.probabilities import ProbabilityTask
from evolearn.tasks.scoring import Objective


@register_task
@dataclass(frozen=True, eq=False)
class Classification(ProbabilityTask):
    """The probability of each class, scored by log loss."""

    name: ClassVar[str] = "classification"
    default_scoring: ClassVar[str] = "neg_log_loss"

    def objective(self, scoring: Any) -> Objective:
        """Return the objective of a ``scoring`` that suits the number of classes."""
        objective = super().objective(scoring)
        if objective.name == "roc_auc" and len(self.classes) > 2:
            msg = (
                f"scoring='roc_auc' compares two classes, but y has {len(self.classes)}; pass "
                "'roc_auc_ovr' or 'roc_auc_ovo'."
            )
            raise ValueError(msg)
        return objective

    def baseline(self) -> BaseEstimator:
        """Return an unfitted model that predicts the shares of the classes."""
        return DummyClassifier(strategy="prior")
