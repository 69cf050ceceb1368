"""Rows of a fold as the estimator gets them, kept for candidates that prepare them alike."""

import pickle
import threading
import time
import warnings
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

# What a worker may keep: prepared rows of many small tables, or of a few folds of larger ones.
MOST_BYTES = 128 * 2**20

Steps = list[tuple[str, Any]]
#: Gives the training rows of a fold, their target, and the held-out rows.
Rows = Callable[[], tuple[Any, Any, Any]]


@dataclass(frozen=True)
class Prepared:
    """The rows of a fold behind the steps of a pipeline, and what that took.

    Attributes
    ----------
    steps : list of (str, transformer)
        Fitted on the training rows.
    train, test : array or sparse matrix
        What they make of the training and the held-out rows.
    fit_seconds, test_seconds : float
        What it took to fit and transform, and to transform the held-out rows.
    n_bytes : float
        What it takes to keep them: forests that select columns may be larger than the rows.
    warned : list of warnings.WarningMessage
        What there was to warn of.
    known : bool
        Whether that had been done before, for another candidate.
    """

    steps: Steps
    train: Any
    test: Any
    fit_seconds: float
    test_seconds: float
    n_bytes: float
    warned: list[warnings.WarningMessage]
    known: bool = False


class PreparationCache:
    """Keeps prepared rows, those that were used last, up to a number of bytes.

    Parameters
    ----------
    most_bytes : int, default=128 MiB
        0 keeps nothing.
    """

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        self.most_bytes = most_bytes
        self._kept: OrderedDict[tuple[str, int], Prepared] = OrderedDict()
        self._lock = threading.Lock()  # executors may have threads in place of processes

    def __reduce__(self) -> tuple[Any, ...]:
        # Sent to workers, each of which has one of its own.
        return type(self), (self.most_bytes,)

    def prepare(self, key: tuple[str, int], steps: Steps, rows: Rows) -> Prepared:
        """Return rows behind unfitted steps, or those that are known by this key.

        Nobody may change them.

        Parameters
        ----------
        key : (str, int)
            What the steps are, parameters and seeds included, and the fold.
        steps : list of (str, transformer)
        rows : callable
        """
        with self._lock:
            prepared = self._kept.get(key)
            if prepared is not None:
                self._kept.move_to_end(key)
        if prepared is None:
            prepared = _prepared(steps, rows)
            with self._lock:
                self._keep(key, replace(prepared, known=True))
        # Those that come later are warned as well: results do not tell who came first.
        for warning in prepared.warned:
            warnings.warn_explicit(
                warning.message, warning.category, warning.filename, warning.lineno
            )
        return prepared

    def _keep(self, key: tuple[str, int], prepared: Prepared) -> None:
        if prepared.n_bytes <= self.most_bytes:
            self._kept[key] = prepared
        # Counted anew each time: a task may be ended anywhere in here.
        while sum(kept.n_bytes for kept in self._kept.values()) > self.most_bytes:
            self._kept.popitem(last=False)


def _prepared(steps: Steps, rows: Rows) -> Prepared:
    with warnings.catch_warnings(record=True) as warned:
        start = time.perf_counter()
        train, target, test = rows()
        for _, step in steps:
            train = step.fit_transform(train, target)
        fitted = time.perf_counter()
        for _, step in steps:
            test = step.transform(test)
        seconds = fitted - start, time.perf_counter() - fitted
    n_bytes = _bytes_of(train) + _bytes_of(test) + len(pickle.dumps(steps, protocol=5))
    return Prepared(steps, train, test, *seconds, n_bytes, warned)


def _bytes_of(X: Any) -> float:
    """Return the bytes of an array or CSR matrix; what else a step may give is not kept."""
    if hasattr(X, "indptr"):
        return float(X.data.nbytes + X.indices.nbytes + X.indptr.nbytes)
    return float(getattr(X, "nbytes", "inf"))
