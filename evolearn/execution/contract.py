"""What a search asks of the place where its candidates run."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, Self

from evolearn.execution.outcome import Outcome


class Pool(Protocol):
    """A number of slots, each of which runs one task at a time.

    `WorkerPool` has them in processes of its own, `ExecutorPool` wherever an executor of
    `concurrent.futures` runs things.
    """

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: object) -> None: ...

    @property
    def scratch(self) -> Path | None:
        """A folder that parent and workers may write to; None where they share none."""

    @property
    def n_workers(self) -> int:
        """The number of slots."""

    @property
    def idle(self) -> int:
        """The number of slots that can take a task now."""

    def install(self, function: Callable[[Any], Any] | None) -> None:
        """Send the function that the following tasks are given to."""

    def submit(self, key: int, task: Any, *, timeout: float | None = None) -> None:
        """Give a task to an idle slot."""

    def collect(self, timeout: float | None = None) -> list[Outcome]:
        """Wait for outcomes and return all that are there."""

    def cancel(self) -> list[Outcome]:
        """Stop what runs; return its outcomes and those not yet collected."""

    def close(self) -> None:
        """Cancel what runs and let the workers go."""
