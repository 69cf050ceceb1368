"""Comparison of exported code with evolearn's own model, in a process without evolearn."""

import os
import pickle
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import config_context

from evolearn.data import names_checked
from evolearn.exceptions import CodeExportError
from evolearn.execution.local.interpreter import find_interpreter
from evolearn.execution.process_settings import one_thread, quiet_process

# Largest difference of predictions, as a share of the largest one, or of 1.
TOLERANCE = 1e-12
# Seconds that the process may take, and how many times as long as evolearn's own training.
SECONDS, SLACK = 120.0, 20.0
PROGRAM = """
import pickle, runpy, sys, warnings
warnings.simplefilter("ignore")
sys.modules["evolearn"] = None  # any import of it fails
script, rows, result = sys.argv[1:]
with open(rows, "rb") as file:
    X, y, method = pickle.load(file)
model = runpy.run_path(script)["fit"](X, y)
import numpy
predictions = numpy.asarray(getattr(model, method)(X))
kind = str if predictions.dtype.kind in "OU" else predictions.dtype
numpy.save(result, predictions.astype(kind), allow_pickle=False)
"""


def check_code(script: str, fit: Any, table: Any, X: Any, y: NDArray[Any]) -> None:
    """Check that a script and evolearn train models that predict the same.

    Parameters
    ----------
    script : str
    fit : callable
        Takes a table and a target, and returns evolearn's fitted model.
    table : table of shape (n_samples, n_features)
        The rows, as evolearn takes them.
    X : dict or table
        The same rows, as the script takes them.
    y : array of shape (n_samples,)

    Raises
    ------
    CodeExportError
        If the script fails, or its predictions are other ones.
    """
    started = time.monotonic()
    with (
        config_context(enable_metadata_routing=False, transform_output="default"),
        one_thread(),
        quiet_process(),
        names_checked(),
    ):
        model = fit(table, y)
        method = "predict_proba" if hasattr(model, "predict_proba") else "predict"
        expected = np.asarray(getattr(model, method)(table))
    limit = SECONDS + SLACK * (time.monotonic() - started)
    found = _predictions(script, (X, y, method), limit)
    if expected.dtype.kind not in "fiub":
        difference = float(np.max(expected.astype(str) != found))
    else:
        scale = max(1.0, float(np.max(np.abs(expected))))
        difference = float(np.max(np.abs(expected - found))) / scale
    if not difference <= TOLERANCE:
        raise CodeExportError(
            f"The code was written, but its predictions differ from evolearn's by "
            f"{difference:.2g} of the largest one; it is not returned. Pass another candidate."
        )


def _predictions(script: str, rows: Any, seconds: float) -> NDArray[Any]:
    """Return the predictions of a script, run by an interpreter that finds no evolearn."""
    threads = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    paths = os.pathsep.join(path or os.curdir for path in sys.path)
    environment = {**os.environ, **dict.fromkeys(threads, "1"), "PYTHONPATH": paths}
    with TemporaryDirectory() as folder:
        files = [Path(folder) / name for name in ("model.py", "rows.pickle", "result.npy")]
        files[0].write_text(script, encoding="utf-8")
        files[1].write_bytes(pickle.dumps(rows))
        try:
            process = subprocess.run(
                [find_interpreter(), "-c", PROGRAM, *map(str, files)],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            msg = f"The code was written, but took more than {seconds:.0f} s to train."
            raise CodeExportError(msg) from error
        if process.returncode:
            lines = process.stderr.decode(errors="replace").strip().splitlines()
            reason = lines[-1] if lines else f"exit code {process.returncode}"
            raise CodeExportError(f"The code was written, but it fails: {reason}")
        return np.load(files[2], allow_pickle=False)
