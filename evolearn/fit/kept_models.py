"""The fitted models that are kept beside the one that predicts, with their size and speed."""

import io
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evolearn.execution.serialization import import_cloudpickle
from evolearn.recorded_warnings import recorded_warnings

# Calls by which the time of a prediction is measured, the median of which counts, and the
# milliseconds after which no further one is made. The first call, which fills caches, counts
# only if it is so slow that the caches hardly matter.
N_CALLS, MOST_MS, SLOW_MS = 7, 10.0, 50.0


@dataclass
class KeptModel:
    """A fitted candidate.

    Attributes
    ----------
    served : estimator
        Takes any table with the columns of ``fit``.
    single : estimator
        The same model as in ``best_estimator_``.
    is_interpretable : bool
        Whether it is a linear model or a small tree of columns that people know.
    predict_ms : float
        Milliseconds in which it predicted one row at the end of ``fit``; NaN if it was not
        measured.
    """

    served: Any
    single: Any
    is_interpretable: bool
    predict_ms: float = field(default=float("nan"), compare=False)


def milliseconds_of(predict: Callable[[Any], Any], row: Any) -> float:
    """Return the median milliseconds of some calls; NaN if one fails."""

    def call() -> float:
        start = time.perf_counter()
        predict(row)
        return 1000 * (time.perf_counter() - start)

    with recorded_warnings():
        try:
            first, calls = call(), list[float]()
            if first > SLOW_MS:
                return first
            while len(calls) < N_CALLS and sum(calls) < MOST_MS:
                calls.append(call())
        except Exception:  # a model of the user's; predict tells the user, not this measurement
            return float("nan")
    return float(np.median(calls))


def pickled_bytes(model: Any) -> int:
    """Return the size of a pickled model, by value where it cannot be pickled by name.

    Nothing is held in memory.
    """
    counter = _Counter()
    try:
        pickle.Pickler(counter, protocol=5).dump(model)
    except (pickle.PicklingError, AttributeError, TypeError):  # classes of a running session
        counter = _Counter()
        import_cloudpickle().Pickler(counter, protocol=5).dump(model)
    return counter.n_bytes


class _Counter(io.RawIOBase):
    """A file that counts what is written."""

    n_bytes = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        size = memoryview(data).nbytes
        self.n_bytes += size
        return size
