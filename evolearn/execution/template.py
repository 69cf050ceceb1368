"""Templates, as their parent sees them: processes that make workers by fork.

There is one per setting of threads and modules, on Linux alone. If it dies, does not answer,
cannot fork or may not, the one who asked gets an OSError and starts a fresh interpreter
instead. One that is found dead is replaced.
"""

import atexit
import logging
import os
import pathlib
import pickle
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

from evolearn.execution.janitor import JANITOR
from evolearn.execution.process import UNKNOWN_CODE
from evolearn.execution.template_program import CROWDED, ENDED, FORK, FORKED, MESSAGE, REAP

LOGGER = logging.getLogger("evolearn")

PROGRAM = pathlib.Path(__file__).with_name("template_program.py")
AVAILABLE = sys.platform == "linux"

# Half of what a task waits for its worker: a template that is stuck in an import leaves
# a fresh interpreter the other half.
ANSWER_SECONDS = 60.0
# A process that was killed is gone in a few milliseconds.
REAP_SECONDS = 0.002

# Some libraries start threads when they are imported. OpenBLAS has its pool grow when a worker
# asks for more; the allocator of Arrow frees memory in its callers without one.
QUIET = {"OPENBLAS_NUM_THREADS": "1", "JE_ARROW_MALLOC_CONF": "background_thread:false"}


class Forked:
    """A worker's process that a template has made and waits for.

    Until the template is asked for its end, the process keeps its number.
    """

    def __init__(self, pid: int, template: "Template") -> None:
        self.pid = pid
        self._template = template

    def wait(self) -> int:
        """Wait for the end of a process that ends soon, and return how it ended."""
        try:
            while (code := self._template.reap(self.pid)) is None:
                time.sleep(REAP_SECONDS)
        except OSError:  # the template is gone, and with it the answer
            return UNKNOWN_CODE
        return code


class Template:
    """One template process; it starts to import at once.

    Parameters
    ----------
    settings : dict
        What a worker is prepared with: path, environment, modules to import.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        environment = settings["environment"] | QUIET
        self.unfit = ""
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(PROGRAM)],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,
            )
        JANITOR.watch("group", str(self._process.pid))
        self._socket.settimeout(ANSWER_SECONDS)
        self._reaper = threading.Thread(target=self._bury, daemon=True)
        try:
            self._socket.send(pickle.dumps({**settings, "environment": environment}))
        except OSError:  # more than such a socket takes at once
            self.kill()
            raise
        finally:
            self._reaper.start()

    @property
    def ended(self) -> bool:
        """Whether the process has ended."""
        return self._process.returncode is not None

    def fork(self, orders: int, replies: int) -> Forked:
        """Make a worker that reads from one pipe and writes to the other.

        Waits until the template has imported what it is to import.
        """
        kind, number = self._ask(FORK, 0, [orders, replies])
        if kind == FORKED:
            return Forked(number, self)
        if kind == CROWDED:
            self.unfit = f"the modules to import leave {number} threads, which forbids to fork"
            self.kill()
            raise OSError(self.unfit)
        raise OSError(number, os.strerror(number))

    def reap(self, pid: int) -> int | None:
        """Return how a worker ended; None while it runs."""
        kind, number = self._ask(REAP, pid)
        return number if kind == ENDED else None

    def kill(self) -> None:
        """End the process; its workers live on."""
        self._process.kill()

    def join(self, timeout: float) -> None:
        """Wait until a killed process is really gone, but not for ever."""
        self._reaper.join(timeout)

    def disown(self) -> None:
        """In a fork of the parent: the process is the original's."""
        self._socket.close()
        self._process.returncode = 0

    def _ask(self, kind: int, number: int, pipes: Sequence[int] = ()) -> tuple[int, int]:
        with self._lock:
            if self._socket.fileno() < 0:
                raise ConnectionError("the template has ended")
            try:
                socket.send_fds(self._socket, [MESSAGE.pack(kind, number)], pipes)
                answer = self._socket.recv(MESSAGE.size)
                if not answer:
                    raise ConnectionError("the template has ended")
            except OSError:
                # Whatever it answers later would be taken for the answer to something else.
                self.kill()
                self._socket.close()
                raise
        kind, number = MESSAGE.unpack(answer)
        return kind, number

    def _bury(self) -> None:
        self._process.wait()
        JANITOR.forget("group", str(self._process.pid))
        with self._lock:
            self._socket.close()


class Templates:
    """The templates of this process, each started when it is first asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._templates: dict[tuple[int, tuple[str, ...]], Template] = {}

    def fork(self, settings: dict[str, Any], orders: int, replies: int) -> Forked:
        """Make a worker by fork.

        Raises
        ------
        OSError
            If there is no template, or it cannot do so.
        """
        key = settings["threads"], tuple(settings["preload"])
        with self._lock:
            template = self._templates.get(key)
            if template is not None and template.unfit:
                raise OSError(template.unfit)
            if template is not None and template.ended:
                LOGGER.debug("A template has ended; another one is started.")
            if template is None or template.ended:
                template = self._templates[key] = Template(settings)
        return template.fork(orders, replies)

    def kill_all(self) -> None:
        """End every template: this process is about to exit."""
        templates = list(self._templates.values())
        for template in templates:
            template.kill()
        for template in templates:
            template.join(timeout=1.0)

    def disown(self) -> None:
        """In a fork of the parent: the templates are the original's."""
        for template in self._templates.values():
            template.disown()
        self.__init__()  # type: ignore[misc]


TEMPLATES = Templates()
atexit.register(TEMPLATES.kill_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=TEMPLATES.disown)
