"""The Python interpreter that child processes run: found and checked once."""

import errno
import multiprocessing.spawn
import os
import pathlib
import subprocess
import sys
from functools import lru_cache

from evolearn.execution.local.process_tree import kill_group

WORKER_PROGRAM = pathlib.Path(__file__).with_name("worker_program.py")
# Set for a program that is asked whether it is an interpreter.
CHECK_VARIABLE = "EVOLEARN_INTERPRETER_CHECK"
# An interpreter answers in some hundredths of a second, on a busy machine with a slow disk in a
# few seconds.
ANSWER_SECONDS = 10.0
IDENTITY = "[sys.implementation.cache_tag, *sys.version_info, sys.maxsize]"
# Errors of the system if a path is no program. Other errors mean that no process is allowed.
NO_PROGRAM = {
    errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.EACCES, errno.ENOEXEC, errno.ELOOP,
    errno.ENAMETOOLONG, errno.EINVAL,
}  # fmt: skip


class NoInterpreterError(RuntimeError):
    """No Python interpreter can run worker processes here."""


def find_interpreter() -> str:
    """Return the path of an interpreter of the same version as this process.

    In frozen programs and where Python is embedded, ``sys.executable`` is another program,
    which must not be started in its place: it would fit again, in a process that does the same.

    Raises
    ------
    NoInterpreterError
        If there is none.
    OSError
        If the system allows no process.
    """
    if CHECK_VARIABLE in os.environ:
        # This is a program that was started as an interpreter by mistake.
        raise SystemExit("This program was started by evolearn in search of a Python.")
    if not WORKER_PROGRAM.is_file():
        raise NoInterpreterError(
            f"No worker processes can be started, because the file {WORKER_PROGRAM} is packed "
            "into a program or an archive."
        )
    path = _first_interpreter(_candidates())
    if path is None:
        raise NoInterpreterError(
            f"No Python interpreter was found to start worker processes with (sys.executable "
            f"is {sys.executable!r}); multiprocessing.set_executable names one."
        )
    return path


def process_refused(error: OSError) -> OSError:
    """Return an error that says that the system has refused to start a process."""
    return OSError(
        error.errno,
        f"No worker process can be started ({error.strerror or error}); raise the limits of "
        "processes and memory, or pass an executor without processes, such as "
        "executor=lambda: ThreadPoolExecutor(1)",
    )


def _candidates() -> tuple[str, ...]:
    """Paths where the interpreter may be: that of multiprocessing, and the installation's."""
    major, minor = sys.version_info[:2]
    names = [f"bin/python{major}.{minor}", f"bin/python{major}"]
    names = ["python.exe"] if sys.platform == "win32" else names
    paths = [os.path.join(sys.exec_prefix, name) for name in names]  # noqa: PTH118
    # The user may have set it with multiprocessing.set_executable.
    executable = os.fsdecode(multiprocessing.spawn.get_executable() or "")
    if executable and not (getattr(sys, "frozen", False) and executable == sys.executable):
        # A program with another name, such as a web server, is asked last.
        is_python = "py" in os.path.basename(executable).lower()  # noqa: PTH119
        paths.insert(0 if is_python else len(paths), executable)
    return tuple(dict.fromkeys(paths))


@lru_cache(maxsize=8)
def _first_interpreter(candidates: tuple[str, ...]) -> str | None:
    return next((path for path in candidates if _is_this_python(path)), None)


def _is_this_python(path: str) -> bool:
    """Whether a program answers as an interpreter of the same version."""
    try:
        process = subprocess.Popen(
            [path, "-I", "-S", "-c", f"import sys; print({IDENTITY})"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={**os.environ, CHECK_VARIABLE: "1"},
            start_new_session=True,
        )
    except ValueError:  # a null byte
        return False
    except OSError as error:
        if error.errno in NO_PROGRAM:
            return False
        raise process_refused(error) from error
    with process:
        try:
            answer, _ = process.communicate(timeout=ANSWER_SECONDS)
        except subprocess.TimeoutExpired:
            answer = b""
        finally:
            if process.returncode is None:
                kill_group(process.pid)
    expected = [sys.implementation.cache_tag, *sys.version_info, sys.maxsize]
    return answer.decode(errors="replace").strip() == str(expected)
