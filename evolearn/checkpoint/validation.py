"""Checks of values that were read from a checkpoint, before anything uses them.

Digests find accidents. These checks also hold if the digests are right: a file that was made to
do harm can give wrong scores, but no hang, no full memory and no crash. All raise ValueErrors
that name the value, which `evolearn.checkpoint.errors.reading` turns into a `CheckpointError`.
"""

import io
import json
import math
import re
from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.evaluation.tasks import Evaluation
from evolearn.execution.serialization import printable

STATUSES = frozenset(("scored", "raced", "failed", "timed_out", "died", "out_of_memory"))
# Numbers of candidates, rows and rounds are below this.
MOST_INTEGER = 2**31 - 1
# Thirty years.
MOST_SECONDS = 1e9
# Rounds of boosting that a final model may be given; those of the default space are fewer.
MOST_ROUNDS = 1_000_000
# Candidates that a search may have asked without a result: two for each worker of a cluster of
# 25,000, and those that were skipped because they would have been late.
MOST_AHEAD, MOST_SKIPPED = 50_000, 100
STOP_REASON = re.compile(r"[a-z_]{1,40}")


def check_integer(name: str, value: Any, least: int = 0, most: int = MOST_INTEGER) -> int:
    """Return a value that is an integer within bounds."""
    if type(value) is not int or not least <= value <= most:
        raise _error(name, value)
    return value


def check_number(
    name: str, value: Any, least: float = -math.inf, most: float = math.inf
) -> float:
    """Return a value that is a finite number within bounds."""
    if type(value) not in (int, float) or not least <= value <= most or math.isinf(value):
        raise _error(name, value)
    return float(value)


def check_text(name: str, value: Any) -> str:
    """Return a value that is a text, with escapes in place of control characters."""
    if type(value) is not str:
        raise _error(name, value)
    return printable(value)


def check_status(value: Any) -> str:
    """Return a value that is a status of an evaluation."""
    if type(value) is not str or value not in STATUSES:
        raise _error("status", value)
    return value


def check_keys(name: str, value: Any, keys: Collection[str]) -> dict[str, Any]:
    """Return a value that is a dictionary with exactly these keys."""
    if type(value) is not dict or set(value) != set(keys):
        raise _error(name, value)
    return value


def check_dictionary(name: str, value: Any) -> dict[str, Any]:
    """Return a value that is a dictionary."""
    if type(value) is not dict:
        raise _error(name, value)
    return value


def check_list(name: str, value: Any) -> list[Any]:
    """Return a value that is a list."""
    if type(value) is not list:
        raise _error(name, value)
    return value


def read_json(name: str, value: Any) -> Any:
    """Return the value of a JSON text."""
    if type(value) is not str:
        raise _error(name, value)
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        raise _error(name, value) from None


def read_numbers(name: str, value: Any) -> tuple[float, ...]:
    """Return the numbers of a JSON list; null is NaN."""
    return tuple(
        math.nan if number is None else check_number(name, number)
        for number in check_list(name, read_json(name, value))
    )


def read_seconds(name: str, value: Any) -> tuple[float, ...]:
    """Return the seconds of a JSON list."""
    return tuple(
        check_number(name, number, 0.0, MOST_SECONDS)
        for number in check_list(name, read_json(name, value))
    )


def read_array(data: Any) -> NDArray[np.float64]:
    """Return the numbers in a file of ``numpy.save``; its header may claim any size."""
    name = "predictions"
    if type(data) is not bytes:
        raise _error(name, data)
    stream = io.BytesIO(data)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise _error(name, data)
    shape, is_fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    n_bytes = len(data) - stream.tell()
    is_plain = dtype == np.float64 and len(shape) in (1, 2) and min(shape) >= 0
    if not is_plain or math.prod(shape) * dtype.itemsize != n_bytes:
        raise _error(name, data)
    array = np.frombuffer(data, dtype, offset=stream.tell())
    return array.reshape(shape, order="F" if is_fortran else "C").copy(order="K")


def check_sizes(candidate: int, evaluation: Evaluation, n_folds: int) -> None:
    """Check that an evaluation has one score per fold, or none if no fold was run."""
    n_run = len(evaluation.fit_seconds)
    sizes = len(evaluation.scores), len(evaluation.score_seconds)
    of_metrics = {len(scores) for scores in evaluation.metrics.values()}
    is_wrong = n_run > n_folds or sizes[1] != n_run or of_metrics - {n_folds}
    if sizes[0] not in (0, n_folds) or is_wrong:
        msg = f"candidate {candidate} has {sizes[0]} scores for {n_folds} folds"
        raise ValueError(msg)


def _error(name: str, value: Any) -> ValueError:
    """Return an error that shows the beginning of a wrong value."""
    return ValueError(f"{name} is {printable(repr(value)[:60])}")
