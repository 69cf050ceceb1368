"""Workers kept warm between pools: their imports are paid once."""

import atexit
import os
import threading
from collections.abc import Sequence

from evolearn.execution.worker import Worker, disown_all, kill_all


class WarmWorkers:
    """Idle workers, kept for the next pool; they end by themselves after a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Worker] = []

    def take(self, threads: int, preload: Sequence[str]) -> Worker:
        """Return a warm worker with so many threads and these imports, or else start one."""
        with self._lock:
            self._idle = [worker for worker in self._idle if worker.returncode is None]
            fitting = [
                worker
                for worker in self._idle
                if worker.threads == threads and worker.preload.issuperset(preload)
            ]
            worker = fitting[-1] if fitting else None
            if worker is not None:
                self._idle.remove(worker)
        if worker is None:
            worker = Worker(threads, preload)
        worker.prepare(preload)
        return worker

    def give(self, worker: Worker) -> None:
        """Take a worker back that has nothing to do."""
        worker.inbox = None
        # One that is still at work on its last order may be stuck there for ever.
        settled = worker.settled
        worker.install(b"")
        if not settled:
            worker.kill()
            return
        with self._lock:
            idle = [other for other in self._idle if other.returncode is None] + [worker]
            # More than there are processors are not needed again soon, the oldest least.
            n_superfluous = max(0, len(idle) - (os.cpu_count() or 1))
            self._idle = idle[n_superfluous:]
        for other in idle[:n_superfluous]:
            other.kill()

    def forget(self) -> None:
        """In a fork of the parent: the workers are the original's."""
        self.__init__()  # type: ignore[misc]
        disown_all()


WARM = WarmWorkers()
atexit.register(kill_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=WARM.forget)
