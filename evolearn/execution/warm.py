"""Workers kept warm between pools: their imports are paid once."""

import atexit
import os
import sys
import sysconfig
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from evolearn.execution.worker import Worker, disown_all, kill_all

# Files of modules with their time and size.
Modules = Mapping[str, tuple[int, int]]
PACKAGE = str(Path(__file__).parents[1])


class WarmWorkers:
    """Idle workers, kept for the next pool; they end by themselves after a while."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Worker] = []

    def take(self, threads: int, preload: Sequence[str]) -> Worker:
        """Return a warm worker with so many threads and these imports, or else start one."""
        with self._lock:
            self._idle = [worker for worker in self._idle if worker.returncode is None]
            # Modules that the user has edited since: they would go on with the old ones.
            outdated = [worker for worker in self._idle if not _is_current(worker.modules)]
            self._idle = [worker for worker in self._idle if worker not in outdated]
            fitting = [
                worker
                for worker in self._idle
                if worker.threads == threads and worker.preload.issuperset(preload)
            ]
            worker = fitting[-1] if fitting else None
            if worker is not None:
                self._idle.remove(worker)
        for other in outdated:
            other.kill()
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
        worker.modules = _users_modules()
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


def _users_modules() -> Modules:
    """Return the files of imported modules that are no installed packages, as they are now."""
    installed = tuple(dict.fromkeys(sysconfig.get_paths().values()))
    found: dict[str, tuple[int, int]] = {}
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if isinstance(path, str) and not path.startswith((*installed, PACKAGE)):
            stamp = _stamp(path)
            if stamp is not None:
                found[path] = stamp
    return found


def _is_current(modules: Modules) -> bool:
    return all(_stamp(path) == stamp for path, stamp in modules.items())


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        status = os.stat(path)  # noqa: PTH116, of hundreds of modules
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size


WARM = WarmWorkers()
atexit.register(kill_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=WARM.forget)
