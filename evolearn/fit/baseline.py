"""The error of a model of the target alone, with which others are compared."""

import numpy as np

from evolearn.evaluation.folds import Folds
from evolearn.execution.process_settings import quiet_process
from evolearn.execution.serialization import describe
from evolearn.fit.data import FitData
from evolearn.results.progress import LOGGER
from evolearn.tasks.predictions import HeldOut


def baseline_fitness(data: FitData, folds: Folds) -> float:
    """Cross-validated error of the task's baseline; NaN if the scorer cannot tell it.

    A scorer that is a function of the user's is not asked: it runs in workers only, where it
    may take its time or crash.
    """
    errors = []
    if data.objective.is_function:
        return float("nan")
    for train, test in zip(folds.train, folds.test, strict=True):
        weights = data.weights
        of_train, of_test = (None if weights is None else weights[i] for i in (train, test))
        # The baseline looks at no column.
        rows = HeldOut(np.zeros((len(test), 1)), data.target[test], of_test)
        try:
            with quiet_process():
                model = data.task.baseline().fit(
                    np.zeros((len(train), 1)), data.target[train], sample_weight=of_train
                )
                score, _ = data.task.score(model, rows, data.objective)
        except Exception as error:
            LOGGER.debug("There is no error of the baseline: %s.", describe(error))
            return float("nan")
        errors.append(data.objective.error(score))
    return float(np.mean(errors))
