"""Files of fitted fold models, written by workers and read for final models and children."""

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from sklearn.base import BaseEstimator

from evolearn.execution.serialization import describe, dump, pickled


def save_models(models: Sequence[Any], path: Path, most_bytes: int) -> int:
    """Write fitted models to a file, and return its bytes.

    They are 0, and there is no file, if they would be more than `most_bytes`, the models cannot
    be pickled, or the disk is full.
    """
    try:
        with path.open("wb") as file:
            limited = _Limited(file, most_bytes)
            dump(list(models), limited)
    except Exception:  # the models' own pickling may raise anything; then they are not saved
        path.unlink(missing_ok=True)
        return 0
    return limited.written


def load_models(path: Path) -> list[Any]:
    """Load the models that `save_models` wrote."""
    with path.open("rb") as file:
        models: list[Any] = pickle.load(file)
    return models


class _Limited:
    """A file with a size limit."""

    def __init__(self, file: BinaryIO, most_bytes: int) -> None:
        self._file = file
        self._most = most_bytes
        self.written = 0

    def write(self, data: Any) -> int:
        """Write the data; raise OSError if the file would exceed its limit."""
        self.written += memoryview(data).nbytes
        if self.written > self._most:
            raise OSError
        return self._file.write(data)


def check_portable(model: BaseEstimator) -> None:
    """Raise an error if a worker could not send a fitted model back.

    Models of scikit-learn and evolearn alone are not tried: pickling a large forest is slow.
    """
    parts = [model, *model.get_params().values()]
    estimators = [part for part in parts if hasattr(part, "fit")]
    if all(type(part).__module__.startswith(("sklearn.", "evolearn.")) for part in estimators):
        return
    doing = "pickled"
    try:
        content = pickled(model)
        doing = "unpickled"
        pickle.loads(content)
    except Exception as error:
        msg = f"The fitted model cannot be {doing}: {describe(error)}."
        raise TypeError(msg) from error
