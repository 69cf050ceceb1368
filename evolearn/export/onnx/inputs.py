"""Inputs of an ONNX model: which tensors it takes, and how a table becomes them."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from evolearn.data import ColumnInfo, as_table, column_labels
from evolearn.data.column_values import Numbers, Objects, Times, labels_of
from evolearn.data.containers import numeric_array, raw_columns
from evolearn.data.conversion import as_floats, by_code
from evolearn.data.read_columns import read_column
from evolearn.export.onnx.converters.tables import missing_text, reads_text

MEANINGS = {
    "datetime": "seconds since 1970-01-01T00:00 UTC",
    "timedelta": "seconds",
    "presence": "a text",
    "categorical": "a category",
    "numeric": "a number",
}


@dataclass(frozen=True)
class Input:
    """One input of the ONNX model: a column of the table, or the whole table as a matrix.

    Attributes
    ----------
    name : str
        That of the column; ``"X"`` for a matrix.
    dtype : str
        ``"double"`` or ``"string"``.
    width : int
        Number of columns.
    meaning : str
        The values in words.
    missing : str
        The value that stands for a missing one.
    """

    name: str
    dtype: str
    width: int
    meaning: str
    missing: str = "NaN"

    def described(self) -> dict[str, Any]:
        """Return it as values of built-in types."""
        return asdict(self)


def inputs_of(preparer: Any, n_features: int) -> dict[int, Input]:
    """Return the inputs of a model by the position of their column; -1 for a matrix.

    `preparer` is the step that makes its table numeric, None if there is none.
    """
    infos = () if preparer is None else preparer.columns_
    if all(info.kind == "numeric" and info.text_format is None for info in infos):
        return {-1: Input("X", "double", n_features, "numbers, the columns in order")}
    inputs: dict[int, Input] = {}
    for j, info in enumerate(infos):
        if info.is_kept and info.kind != "text":
            name = info.name
            while name in {one.name for one in inputs.values()}:
                name += "_"
            inputs[j] = _input(name, info)
    return inputs


def _input(name: str, info: ColumnInfo) -> Input:
    meaning = MEANINGS.get(info.kind, info.kind)
    if reads_text(info):
        return Input(name, "string", 1, meaning, missing_text(info))
    return Input(name, "double", 1, meaning)


def tensors_of(table: Any, preparer: Any, inputs: dict[int, Input]) -> dict[str, np.ndarray]:
    """Return the tensors of a table, by the name of the input.

    Raises
    ------
    ValueError
        If a column has strings where the model takes numbers.
    """
    table = as_table(table)
    labels = column_labels(table)
    if -1 in inputs:
        numbers = numeric_array(table)
        if numbers is None:
            columns = zip(labels, raw_columns(table), strict=True)
            numbers = np.column_stack([_numbers(raw, table, label) for label, raw in columns])
        return {"X": np.ascontiguousarray(numbers, dtype=np.float64)}
    raw = list(raw_columns(table))
    return {
        one.name: _tensor(raw[j], table, labels[j], one, preparer.columns_[j])
        for j, one in inputs.items()
    }


def _tensor(raw: Any, table: Any, label: Any, one: Input, info: ColumnInfo) -> np.ndarray:
    if one.dtype == "string":
        return _texts(read_column(raw, table), one.missing).reshape(-1, 1)
    if info.kind in ("datetime", "timedelta") or info.text_format is not None:
        column = read_column(raw, table)
        values = as_floats(column, info.kind, f"column {label!r}", info.text_format, info.found)
        return np.asarray(values, dtype=np.float64).reshape(-1, 1)
    return _numbers(raw, table, label).reshape(-1, 1)


def _texts(column: Any, missing: str) -> np.ndarray:
    if not isinstance(column, Objects):
        distinct, codes = np.unique(column.values, return_inverse=True)
        codes = np.where(np.isnan(distinct)[codes], -1, codes)
        column = Objects(codes, distinct.tolist())
    return np.array([*labels_of(column.distinct), missing], dtype=object)[column.codes]


def _numbers(raw: Any, table: Any, label: Any) -> np.ndarray:
    column = read_column(raw, table)
    if isinstance(column, Numbers | Times):
        return np.asarray(column.values, dtype=np.float64)
    found = next((one for one in column.distinct if isinstance(one, str | bytes)), None)
    if found is not None:
        raise ValueError(
            f"X_check holds text such as {found!r} in column {label!r}, where the model takes "
            "numbers; pass rows like those of fit."
        )
    return by_code(column, [float(one) for one in column.distinct])
