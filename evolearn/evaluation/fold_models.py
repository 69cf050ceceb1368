"""Fitted fold models in a file: from the worker that fitted them to the ensemble they serve."""

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from sklearn.base import BaseEstimator

from evolearn.execution.serialization import describe, import_cloudpickle, pickled


def save_models(models: Sequence[Any], path: Path, most_bytes: int) -> int:
    """Write fitted models to a file.

    Parameters
    ----------
    models : sequence of estimator
    path : Path
        The file; nothing is left there if the models cannot be written.
    most_bytes : int
        How large the file may be.

    Returns
    -------
    int
        The bytes written; 0 if they are too many, cannot be pickled, or there is no room.
    """
    try:
        with path.open("wb") as file:
            limited = _Limited(file, most_bytes)
            import_cloudpickle().dump(list(models), limited, protocol=5)
    except Exception:  # whatever a model's own reduction raises: it just is not saved
        path.unlink(missing_ok=True)
        return 0
    return limited.written


def load_models(path: Path) -> list[Any]:
    """Return the models that `save_models` wrote."""
    with path.open("rb") as file:
        models: list[Any] = pickle.load(file)
    return models


class _TooLarge(Exception):
    """More was to be written than a file may hold."""


class _Limited:
    """A file that takes only so many bytes."""

    def __init__(self, file: BinaryIO, most_bytes: int) -> None:
        self._file = file
        self._most = most_bytes
        self.written = 0

    def write(self, data: Any) -> int:
        """Write, unless that would make the file too large."""
        size = memoryview(data).nbytes
        if self.written + size > self._most:
            raise _TooLarge
        self.written += size
        return self._file.write(data)


def check_portable(model: BaseEstimator) -> None:
    """Raise an error if a fitted model could not be handed back by the worker in the end.

    Those of scikit-learn and ours can be, and pickling a large forest takes its time.
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
