"""Idle workers, kept for the next pool so that imports are paid once."""

import atexit
import os
import sys
import sysconfig
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from evolearn.execution.local.worker import Worker, disown_all, kill_all

# Files of modules, with their time of modification and size.
Modules = Mapping[str, tuple[int, int]]
PACKAGE = str(Path(__file__).parents[2])


class WorkerCache:
    """Idle workers; each ends by itself after `IDLE_SECONDS`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Worker] = []

    def take(self, preload: Sequence[str]) -> Worker:
        """Return an idle worker with these imports, or start one."""
        with self._lock:
            self._idle = [worker for worker in self._idle if worker.returncode is None]
            # They have imported modules that the user has edited since.
            outdated = [worker for worker in self._idle if not _is_current(worker.modules)]
            self._idle = [worker for worker in self._idle if worker not in outdated]
            fitting = [worker for worker in self._idle if worker.preload.issuperset(preload)]
            worker = fitting[-1] if fitting else None
            if worker is not None:
                self._idle.remove(worker)
        for other in outdated:
            other.kill()
        if worker is None:
            worker = Worker(preload)
        worker.prepare(preload)
        return worker

    def give(self, worker: Worker) -> None:
        """Keep a worker that has no task, or kill it."""
        worker.inbox = None
        # A worker that still executes its last order may be stuck there for ever.
        is_ready = worker.is_ready
        worker.install(b"")
        if not is_ready:
            worker.kill()
            return
        worker.modules = _user_modules()
        with self._lock:
            idle = [other for other in self._idle if other.returncode is None] + [worker]
            # More workers than processors are hardly needed again soon; the oldest go first.
            n_superfluous = max(0, len(idle) - (os.cpu_count() or 1))
            self._idle = idle[n_superfluous:]
        for other in idle[:n_superfluous]:
            other.kill()

    def disown(self) -> None:
        """Forget all workers, in a fork of the parent: they belong to the original."""
        self.__init__()  # type: ignore[misc]
        disown_all()


def _user_modules() -> Modules:
    """Files of imported modules outside of installed packages, with their present stamps."""
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


WORKER_CACHE = WorkerCache()
atexit.register(kill_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=WORKER_CACHE.disown)
