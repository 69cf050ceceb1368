"""Damage checkpoints at random, and fit with what is left of them.

    python benchmarks/fuzz_checkpoints.py --out checkpoints.jsonl --runs 500
    python benchmarks/fuzz_checkpoints.py --out checkpoints.jsonl --table

A fit with a damaged checkpoint must give the model of a fit without one, or refuse the file by
one sentence: never a crash, a hang or another model. In a part of the runs a value is changed
together with its checksum ("forged"): that may give another model, but no crash and no hang.
Each run appends a JSON line to --out; runs that are there already are not repeated.
"""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
from contextlib import closing
from functools import cache
from pathlib import Path

import numpy as np
from contained import fuzz

from evolearn import EvolutionaryRegressor, SearchError
from evolearn.checkpoint.tables import digest_of
from evolearn.search.loop import SearchLoop

HANG_SECONDS = 120.0
PAGE = 4096
SETTINGS = {
    "n_evaluations": 12, "population_size": 4, "cv": 3, "random_state": 0, "n_jobs": 1,
    "search_space": ["ridge", "decision_tree", "elastic_net"], "n_iter_no_change": None,
}  # fmt: skip


@cache
def table():
    """Return a table of numbers and a target."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4))
    return X, X[:, 0] * 2 + X[:, 1] + rng.normal(size=120)


def model(journal, *, timed, replay=False):
    """Return a model; a time budget that is long enough changes how the search is continued."""
    budget = 600.0 if timed else None
    return EvolutionaryRegressor(**SETTINGS, time_budget=budget, journal=journal, replay=replay)


# -- checkpoints that are whole -------------------------------------------------------------


@cache
def originals():
    """Return a folder with a finished checkpoint and one of a killed fit, timed and not."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-checkpoints-"))
    for timed in (False, True):
        name = "timed" if timed else "free"
        model(folder / f"{name}-finished", timed=timed).fit(*table())
        code = f"import fuzz_checkpoints as f; f.fit_and_die({str(folder / name)!r}, {timed})"
        subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parent, check=False)
    return folder


def fit_and_die(prefix, timed, n_evaluations=8):
    """Fit, and let this process kill itself after so many evaluations."""
    take, taken = SearchLoop._take, []

    def take_and_count(loop, outcome):
        take(loop, outcome)
        taken.append(outcome)
        if len(taken) == n_evaluations:
            os.kill(os.getpid(), signal.SIGKILL)

    SearchLoop._take = take_and_count
    model(f"{prefix}-killed", timed=timed).fit(*table())


@cache
def expected():
    """Return the predictions of the model without a checkpoint, and errors by candidate."""
    fitted = model(None, timed=False).fit(*table())
    return fitted.predict(table()[0]), errors_of(fitted)


def errors_of(fitted):
    """Return the error in cross-validation of each genome."""
    results = fitted.cv_results_
    return dict(zip(map(repr, results["params"]), results["fitness"], strict=True))


# -- damage ---------------------------------------------------------------------------------


def flip(rng, data):
    for _ in range(rng.choice([1, 1, 2, 20])):
        data[rng.randrange(len(data))] ^= rng.randrange(1, 256)


def overwrite_page(rng, data):
    start = PAGE * rng.randrange(-(-len(data) // PAGE))
    filler = rng.choice([b"\0", b"\xff", None])
    size = min(PAGE, len(data) - start)
    data[start : start + size] = rng.randbytes(size) if filler is None else filler * size


def exchange_pages(rng, data):
    one, other = (PAGE * rng.randrange(max(1, len(data) // PAGE)) for _ in range(2))
    size = min(PAGE, len(data) - max(one, other))
    data[one : one + size], data[other : other + size] = (
        data[other : other + size], data[one : one + size],
    )  # fmt: skip


def cut(rng, data):
    del data[rng.randrange(len(data)) :]


def zero_the_end(rng, data):
    start = rng.randrange(len(data))
    data[start:] = bytes(len(data) - start)


def append(rng, data):
    size = rng.choice([1, 100, PAGE, 3 * PAGE])
    data += rng.choice([bytes(size), rng.randbytes(size)])


DAMAGES = {
    f.__name__: f for f in (flip, overwrite_page, exchange_pages, cut, zero_the_end, append)
}
VALUES = (
    None, 0, -1, 1, 2**31, 2**62, -0.5, 1e300, "", "x", "[]", "{}", "null", "[[[[", "[1e999]",
    "\x1b[2J", b"", b"\0\xff", "9" * 5000, "[" * 100_000, '{"steps": []}', "scored",
)  # fmt: skip


def damage_file(rng, folder, name):
    """Damage one file of a checkpoint in one way."""
    file = rng.choice(sorted(folder.iterdir()))
    if name == "remove":
        file.unlink()
        return
    data = bytearray(file.read_bytes())
    if data:
        DAMAGES[name](rng, data)
        file.write_bytes(data)


def damage_row(rng, folder, *, forged):
    """Change a value of a row at random, with `forged` its checksum too."""
    (file,) = folder.glob("*.sqlite")
    with closing(sqlite3.connect(file)) as connection, connection:
        name = rng.choice(["meta", "evaluations", "steps", "runs", "predictions"])
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({name})")]
        keys = [row[0] for row in connection.execute(f"SELECT {columns[0]} FROM {name}")]
        if not keys:
            return
        key, column = rng.choice(keys), rng.choice(columns)
        value = changed(rng, connection, name, columns[0], key, column)
        where = f"WHERE {columns[0]} = ?"
        row = list(connection.execute(f"SELECT * FROM {name} {where}", (key,)).fetchone())
        row[columns.index(column)] = value
        if forged and columns[-1] == "digest":
            row[-1] = digest_of(name, tuple(row[:-1]))
        places = ", ".join("?" * len(row))
        connection.execute(f"DELETE FROM {name} {where}", (key,))
        connection.execute(f"INSERT OR REPLACE INTO {name} VALUES ({places})", row)


def changed(rng, connection, table_name, key_name, key, column):
    """Return another value for a column: any, or one of its own kind."""
    query = f"SELECT {column} FROM {table_name} WHERE {key_name} = ?"
    (value,) = connection.execute(query, (key,)).fetchone()
    if rng.random() < 0.5 and isinstance(value, str) and value[:1] in ("[", "{"):
        return json.dumps(mutated(rng, json.loads(value)))
    return rng.choice(VALUES)


def mutated(rng, value):
    """Return a JSON value with one of its parts changed."""
    if isinstance(value, dict) and value:
        name = rng.choice(sorted(value))
        return value | {name: mutated(rng, value[name])}
    if isinstance(value, list) and value:
        place = rng.randrange(len(value))
        return [*value[:place], mutated(rng, value[place]), *value[place + 1 :]]
    return rng.choice([None, True, -1, 0, 1, 7, 10**9, 1e300, "x", [], {}])


# -- one run --------------------------------------------------------------------------------


def run(seed):
    """Damage a copy of a checkpoint, fit, and return the verdict."""
    rng = random.Random(seed)
    timed, replay = rng.random() < 0.5, rng.random() < 0.25
    state = "finished" if replay else rng.choice(["finished", "killed"])
    name = rng.choice([*DAMAGES, "remove", "row", "forged", "forged"])
    original = originals() / f"{'timed' if timed else 'free'}-{state}"
    told = {"damage": name, "timed": timed, "state": state, "replay": replay}
    with tempfile.TemporaryDirectory(prefix="fuzz-") as place:
        folder = Path(shutil.copytree(original, Path(place, "runs")))
        try:
            if name in ("row", "forged"):
                damage_row(rng, folder, forged=name == "forged")
            else:
                damage_file(rng, folder, name)
        except sqlite3.Error as error:
            return {**told, "verdict": "skipped", "note": str(error)}
        return {**told, **fit_on(folder, timed=timed, replay=replay, forged=name == "forged")}


def fit_on(folder, *, timed, replay, forged):
    try:
        fitted = model(folder, timed=timed, replay=replay).fit(*table())
    except (ValueError, SearchError) as error:
        message = str(error)
        by_name = str(folder) in message or (replay and "cannot be repeated" in message)
        is_ours = by_name and "\n" not in message and "\x1b" not in message
        return {"verdict": "refused" if is_ours else "FAULT", "note": message[:300]}
    predictions, errors = expected()
    found = errors_of(fitted)
    if any("\x1b" in text for text in fitted.cv_results_["failure"]):
        return {"verdict": "FAULT", "note": "a control character in the results"}
    if not np.isfinite(fitted.predict(table()[0])).all():
        return {"verdict": "FAULT", "note": "predictions that are no numbers"}
    if forged:
        return {"verdict": "some model"}
    # Not a number: it was given up, which depends on the candidates before it.
    pairs = [(found[key], errors[key]) for key in found.keys() & errors.keys()]
    if any(one != other for one, other in pairs if not np.isnan([one, other]).any()):
        return {"verdict": "FAULT", "note": "another error of the same candidate"}
    # With a time budget, a search that continues does not wait for slow candidates.
    if timed or np.array_equal(fitted.predict(table()[0]), predictions):
        return {"verdict": "same scores" if timed else "same model"}
    return {"verdict": "FAULT", "note": "another model"}


if __name__ == "__main__":
    fuzz(__doc__, run, runs=500, seconds=HANG_SECONDS, column="damage")
