"""Replies of workers have a pipe of their own; nothing else that comes through it counts."""

import contextlib
import os
import pathlib
import pickle
import sys
import threading

import pytest
from processes import PATIENCE

from evolearn.execution.local import worker, worker_cache
from evolearn.execution.local.pool import WorkerPool
from evolearn.execution.local.worker_program import (
    DONE,
    HEADER,
    KEY_BYTES,
    REPLIES,
    FrameError,
    read_frame,
    write_frame,
)

KEY = bytes(range(KEY_BYTES))


@pytest.fixture
def no_idle_workers(monkeypatch):
    monkeypatch.setattr(worker_cache.WORKER_CACHE, "_idle", [])
    yield
    for idle in worker_cache.WORKER_CACHE._idle:
        idle.kill()


def outcomes_of(pool, function, *tasks):
    pool.install(function)
    outcomes = []
    for task in tasks:
        pool.submit(0, task, timeout=PATIENCE)
        outcomes += pool.collect(timeout=PATIENCE)
    return outcomes


START = {
    "a line": "print('hello from sitecustomize, some more text', flush=True)",
    "many bytes": "import os; os.write(1, b'x' * 100_000)",
    "lines from a thread": """if True:
        import threading, time
        def talk():
            while True:
                print("still here", flush=True)
                time.sleep(0.001)
        threading.Thread(target=talk, daemon=True).start()
        """,
    "a forged reply": "import os, struct; os.write(1, struct.pack('<16sBQ', b'', 6, 0) * 20)",
    "reads its input": "import sys; sys.stdin.read(100)",
}


@pytest.mark.parametrize("start", START.values(), ids=START)
@pytest.mark.parametrize("is_forked", [False, True], ids=["fresh", "forked"])
def test_code_that_runs_when_an_interpreter_starts_is_harmless(
    start, is_forked, tmp_path, monkeypatch, no_idle_workers
):
    (tmp_path / "sitecustomize.py").write_text(start)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(worker, "IS_AVAILABLE", is_forked and sys.platform == "linux")
    with WorkerPool(1, preload=["colorsys"]) as pool:
        [outcome] = outcomes_of(pool, lambda task: task + 1, 1)
    assert (outcome.status, outcome.value) == ("done", 2), outcome


class Bomb:
    """Leaves a mark where it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return pathlib.Path.touch, (pathlib.Path(self.path),)


def write_to_all_pipes(data):
    """Write to whatever pipe a worker can write to, as code that knows nothing of them."""
    for descriptor in range(3, 64):
        with contextlib.suppress(OSError):
            if os.readlink(f"/proc/self/fd/{descriptor}").startswith("pipe"):  # noqa: PTH115
                os.write(descriptor, data)
    threading.Event().wait(PATIENCE)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for pipes in /proc")
@pytest.mark.parametrize("header", ["forged", "none"])
def test_what_is_no_reply_costs_the_worker_and_is_not_unpickled(tmp_path, header):
    payload = pickle.dumps(Bomb(tmp_path / "mark"))
    forged = HEADER.pack(bytes(KEY_BYTES), DONE, len(payload))
    data = (forged if header == "forged" else b"") + payload + bytes(100)
    with WorkerPool(1) as pool:
        [outcome] = outcomes_of(pool, write_to_all_pipes, data)
        assert outcome.status == "died"
        assert "wrote to the pipe of its replies" in outcome.reason
        [after] = outcomes_of(pool, lambda task: task, 7)
    assert after.value == 7
    assert not (tmp_path / "mark").exists()


def frame(key, kind, length, payload=b""):
    return HEADER.pack(key, kind, length) + payload


@pytest.mark.parametrize(
    "data",
    [
        frame(bytes(KEY_BYTES), DONE, 1, b"x"),
        frame(KEY, 99, 1, b"x"),
        frame(KEY, min(REPLIES), 10**6),
        frame(KEY, DONE, 2**63),
        b"a line of text, long enough for a header\n",
    ],
    ids=["another key", "unknown kind", "too long", "huge", "text"],
)
def test_key_kind_and_length_of_a_frame_are_checked(data):
    received = bytearray(data)

    def read(length):
        part = bytes(received[:length])
        del received[:length]
        return part

    with pytest.raises(FrameError):
        read_frame(read, KEY, REPLIES)


def test_a_frame_arrives_whole_through_a_pipe_that_takes_little():
    sent = bytearray()

    def write(part):
        sent.extend(part[:7])
        return min(7, len(part))

    write_frame(write, KEY, DONE, b"payload" * 10_000)

    def read(length):
        part = bytes(sent[: min(length, 11)])
        del sent[: len(part)]
        return part

    assert read_frame(read, KEY, REPLIES) == (DONE, b"payload" * 10_000)
    assert read_frame(read, KEY, REPLIES) is None
