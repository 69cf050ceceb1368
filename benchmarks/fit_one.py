"""Fit one system on one table and print one JSON line; `compare.py` starts it.

    PYTHON benchmarks/fit_one.py '{"suite": "/data/suite", "system": "flaml", "name": "adult",
                                   "split": 0, "budget": 60, "n_jobs": 1, "cores": [0]}'

PYTHON is the interpreter of that system's environment. The error is not what a system says of
itself, but computed here, for all in the same way. What a system raises is its result.
"""

import contextlib
import json
import math
import os
import sys
import time
import traceback
from pathlib import Path
from types import SimpleNamespace

from suite import error
from systems import SYSTEMS

NOT_BEGUN = 3  # exit code where nothing was measured: a table or a package is missing


def measured(steps, data):
    """Take a system that is imported through its other steps; return what is recorded."""
    result = {"task": data.task, "test_rows": len(data.y_test)}
    start = time.perf_counter()
    try:
        note = next(steps)
        fitted = time.perf_counter()
        predicted = next(steps)
        done = time.perf_counter()
        err = float(error(data, checked(predicted, len(data.y_test))))
        if not math.isfinite(err):
            raise ValueError(f"the error of what it predicts is {err}")
    except BaseException as failure:  # a system may even exit
        traceback.print_exc()
        note = f"{type(failure).__name__}: {failure}"
        seconds = time.perf_counter() - start
        return {**result, "ok": False, "fit_s": seconds, "note": note[:300]}
    result |= {"ok": True, "err": err, "fit_s": fitted - start, "predict_s": done - fitted}
    result |= {"size_bytes": None, "note": str(note)[:300]}
    with contextlib.suppress(Exception):  # of some models the size cannot be told
        result["size_bytes"] = next(steps)
    return result


def checked(predicted, n_rows):
    """Return predictions as an array of numbers, one row each."""
    import numpy as np

    predicted = np.asarray(predicted, dtype=float)
    if len(predicted) != n_rows:
        raise ValueError(f"{len(predicted)} predictions for {n_rows} rows")
    return predicted


def carry_out(run, make_steps):
    """Fit, print the result and end the process, whatever threads the system has left."""
    # What systems print must not get between the lines of the result.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    try:
        from suite_reader import read_split

        data = read_split(Path(run.suite), run.name, run.split)
        steps = make_steps(data, run)
        next(steps)
    except Exception:
        traceback.print_exc()
        os._exit(NOT_BEGUN)
    print(json.dumps(measured(steps, data)), file=answer, flush=True)
    os._exit(0)


def main():
    run = SimpleNamespace(**json.loads(sys.argv[1]))
    carry_out(run, SYSTEMS[run.system])


if __name__ == "__main__":  # workers of some systems import the main module
    main()
