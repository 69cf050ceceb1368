"""Executors of the user are closed again if they cannot be used."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from evolearn.execution import opening
from evolearn.execution.local.pool import WorkerPool
from evolearn.execution.opening import open_pool


@pytest.fixture
def opened():
    """Executors that were opened."""
    return []


@pytest.fixture
def open_executor(opened):
    def open_one():
        opened.append(ThreadPoolExecutor(1))
        return opened[-1]

    return open_one


def test_an_executor_is_not_opened_for_a_number_of_tasks_that_is_none(open_executor, opened):
    with pytest.raises(ValueError, match="n_jobs"):
        open_pool(open_executor, 0, WorkerPool)
    assert not opened


def test_an_executor_is_shut_down_if_a_warning_is_an_error(open_executor, opened, monkeypatch):
    def warn_of(executor):
        raise DeprecationWarning("as with -W error")

    monkeypatch.setattr(opening, "client_of", warn_of)
    with pytest.raises(DeprecationWarning):
        open_pool(open_executor, 1, WorkerPool)
    with pytest.raises(RuntimeError, match="after shutdown"):
        opened[0].submit(len, ())
