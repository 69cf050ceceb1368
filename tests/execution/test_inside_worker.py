import subprocess
import sys
import textwrap

import pytest

BODIES = {
    "passes it on": "while True: sum(range(1000))",
    "makes another error of it": """
        try:
            while True: sum(range(1000))
        except BaseException:
            raise ValueError("from C")
    """,
    "takes it for Ctrl-C": """
        try:
            while True: sum(range(1000))
        except BaseException:
            raise KeyboardInterrupt
    """,
    "swallows it": """
        with contextlib.suppress(BaseException):
            while True: sum(range(1000))
    """,
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_time_that_is_up_is_up_whatever_the_code_makes_of_the_alarm(body):
    # In a process of its own: the alarm is for workers alone.
    script = f"""
import contextlib
from evolearn.execution.local import inside_worker
inside_worker.enter(0)
try:
    with inside_worker.time_limit(0.2):
{textwrap.indent(textwrap.dedent(body), " " * 8)}
except inside_worker.TimeLimitExceeded:
    print("out of time")
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert ran.stdout == "out of time\n", ran.stderr


def test_an_error_in_time_is_that_error():
    script = """
from evolearn.execution.local import inside_worker
inside_worker.enter(0)
with inside_worker.time_limit(60):
    raise KeyError("own")
"""
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert "KeyError: 'own'" in ran.stderr
