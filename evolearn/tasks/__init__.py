"""Tasks: what is learned from a table. One file per task; see `evolearn.tasks.base`."""

from evolearn.tasks.base import TargetFacts, Task, get_task, register_task, task_names
from evolearn.tasks.classification import Classification
from evolearn.tasks.inference import task_of
from evolearn.tasks.numbers import NumberTask
from evolearn.tasks.probabilities import ProbabilityTask
from evolearn.tasks.regression import Regression

__all__ = [
    "Classification",
    "NumberTask",
    "ProbabilityTask",
    "Regression",
    "TargetFacts",
    "Task",
    "get_task",
    "register_task",
    "task_names",
    "task_of",
]
