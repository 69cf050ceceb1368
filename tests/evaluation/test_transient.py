"""Failures that may pass are told from those of the candidate."""

import errno
from concurrent.futures.process import BrokenProcessPool

import numpy as np
import pytest

from evolearn.evaluation.transient import is_transient
from evolearn.execution.pool import Outcome
from evolearn.search.record import evaluation_of


def raised(error, *, cause=None, meanwhile=None, hidden=False):
    """An error as it is caught: raised from another one, or while one was handled."""
    try:
        try:
            if meanwhile is not None:
                raise meanwhile
        except Exception:
            if hidden:
                raise error from None
            raise error  # noqa: B904, for its context
        if cause is not None:
            raise error from cause
        raise error
    except Exception as caught:
        return caught


class Unprintable(ValueError):
    def __str__(self):
        raise RuntimeError


def circular():
    first, second = ValueError(1), ValueError(2)
    first.__cause__, second.__cause__ = second, first
    return first


def too_large():
    try:
        np.empty(2**59)
    except MemoryError as error:
        return error


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        FileNotFoundError("model.bin"),
        ConnectionRefusedError(),
        TimeoutError(),
        MemoryError(),
        too_large(),
        ImportError("libgomp.so.1"),
        ModuleNotFoundError("no"),
        EOFError(),
        BrokenProcessPool("a process in the pool was terminated"),
        RuntimeError("can't start new thread"),
        RuntimeError("std::bad_alloc"),
        ValueError("bad allocation"),
        RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"),
        raised(RuntimeError("no licence"), cause=ConnectionError()),
        raised(RuntimeError("no licence"), meanwhile=TimeoutError()),
        raised(RuntimeError("no licence"), meanwhile=TimeoutError(), hidden=True),
        raised(ValueError(), cause=raised(RuntimeError(), cause=MemoryError())),
        ExceptionGroup("several", [ValueError(), OSError()]),
    ],
    ids=repr,
)
def test_errors_of_the_machine_may_pass(error):
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        ValueError("alpha must be positive"),
        TypeError(),
        raised(ValueError("n_neighbors"), cause=KeyError("x")),
        raised(ValueError("n_neighbors"), meanwhile=AttributeError()),
        np.linalg.LinAlgError("Singular matrix"),
        ZeroDivisionError(),
        RuntimeError("memory of this kernel is too short"),
        ExceptionGroup("several", [ValueError(), TypeError()]),
        Unprintable(),
        circular(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_of_the_candidate_do_not(error):
    assert not is_transient(error)


@pytest.mark.parametrize(("status", "passes"), [("raised", True), ("timed_out", False)])
def test_what_is_lost_on_its_way_may_pass(status, passes):
    reason = "the task could not be unpickled in the worker"
    assert evaluation_of(Outcome(0, status, None, reason, 0.0)).transient == passes
