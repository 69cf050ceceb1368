"""Cache of prepared rows, shared by candidates whose preparation is the same."""

import threading
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from evolearn.execution.serialization import pickled
from evolearn.policy import DEFAULT_POLICY
from evolearn.recorded_warnings import recorded_warnings

Steps = list[tuple[str, Any]]
#: Returns the training rows of a fold, their target, and the held-out rows.
Rows = Callable[[], tuple[Any, Any, Any]]


@dataclass(frozen=True)
class Prepared:
    """The rows of a fold after the preparation steps of a pipeline, and the fitted steps."""

    steps: Steps
    train: Any
    test: Any
    fit_seconds: float  # to fit the steps and transform the training rows
    test_seconds: float  # to transform the held-out rows
    n_bytes: float  # of rows and steps: forests that select columns may be larger than the rows
    warned: list[warnings.WarningMessage]
    is_reused: bool = False  # whether they were prepared before, for another candidate


class PreparationCache:
    """Prepared rows that were used last, up to a number of bytes; 0 keeps nothing."""

    def __init__(self, most_bytes: int = DEFAULT_POLICY.preparation_cache_bytes) -> None:
        self.most_bytes = most_bytes
        self._kept: OrderedDict[tuple[str, int], Prepared] = OrderedDict()
        self._lock = threading.Lock()  # executors may have threads in place of processes

    def __reduce__(self) -> tuple[Any, ...]:
        # It is sent to workers, each of which begins with an empty one.
        return type(self), (self.most_bytes,)

    def prepare(self, key: tuple[str, int], steps: Steps, rows: Rows) -> Prepared:
        """Return the rows that unfitted steps produce, or those kept under this key.

        Callers must not change them. The key identifies the steps, with parameters and seeds,
        and the fold.
        """
        with self._lock:
            prepared = self._kept.get(key)
            if prepared is not None:
                self._kept.move_to_end(key)
        if prepared is None:
            prepared = _prepared(steps, rows)
            with self._lock:
                self._keep(key, replace(prepared, is_reused=True))
        # Every candidate gets the warnings, so that results do not depend on which came first.
        for warning in prepared.warned:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
        return prepared

    def _keep(self, key: tuple[str, int], prepared: Prepared) -> None:
        if prepared.n_bytes <= self.most_bytes:
            self._kept[key] = prepared
        # The sum is computed each time: a task may be interrupted anywhere in here.
        while sum(kept.n_bytes for kept in self._kept.values()) > self.most_bytes:
            self._kept.popitem(last=False)


def _prepared(steps: Steps, rows: Rows) -> Prepared:
    with recorded_warnings() as records:
        start = time.perf_counter()
        train, target, test = rows()
        for _, step in steps:
            train = step.fit_transform(train, target)
        fitted = time.perf_counter()
        for _, step in steps:
            test = step.transform(test)
        seconds = fitted - start, time.perf_counter() - fitted
    n_bytes = _bytes_of(train) + _bytes_of(test) + len(pickled(steps))
    return Prepared(steps, train, test, *seconds, n_bytes, [*records.values()])


def _bytes_of(X: Any) -> float:
    """Bytes of an array or CSR matrix; other containers count as infinite and are not kept."""
    if hasattr(X, "indptr"):
        return float(X.data.nbytes + X.indices.nbytes + X.indptr.nbytes)
    return float(getattr(X, "nbytes", "inf"))
