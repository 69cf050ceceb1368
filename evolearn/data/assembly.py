"""From columns of numbers, texts and codes to the matrix, and how its columns are called."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evolearn.data.profile import BLOCK_CELLS
from evolearn.data.schema import ColumnInfo, DateColumns, TextBlock
from evolearn.data.texts import fill_counts


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of texts: the different ones, and for each row which of them, -1 for none."""

    labels: list[str]
    codes: np.ndarray
    info: ColumnInfo


def assembled(
    numbers: Sequence[np.ndarray], texts: Sequence[Texts], codes: Sequence[np.ndarray]
) -> np.ndarray:
    """Return the matrix of columns of numbers, blocks of texts and columns of codes."""
    n_rows = len([*numbers, *codes, *(text.codes for text in texts)][0])
    width = sum(text.info.width for text in texts)
    matrix = np.empty((n_rows, len(numbers) + width + len(codes)))
    _fill(matrix[:, : len(numbers)], numbers)
    start = len(numbers)
    for text in texts:
        block = matrix[:, start : start + text.info.width]
        fill_counts(block, text.labels, text.codes, text.info.characters)
        start += text.info.width
    _fill(matrix[:, start:], codes)
    return matrix


def _fill(out: np.ndarray, columns: Sequence[np.ndarray]) -> None:
    step = max(1, BLOCK_CELLS // max(len(columns), 1))
    for start in range(0, len(out), step):
        block = out[start : start + step]
        for j, column in enumerate(columns):
            block[:, j] = column[start : start + step]


def output_names(columns: Sequence[ColumnInfo], names: Sequence[str]) -> list[str]:
    """Return the names of the matrix's columns, given the names of the table's columns."""
    numbers: list[str] = []
    words: list[str] = []
    codes: list[str] = []
    for info, name in zip(columns, names, strict=True):
        if not info.is_kept:
            continue
        if info.kind == "categorical":
            codes.append(name)
        elif info.kind == "text":
            words.extend(f"{name}_words{i}" for i in range(info.width))
        else:
            numbers.extend([f"{name}_{part}" for part in info.parts] or [name])
    return [*_without_repeats([*numbers, *words], taken=codes), *codes]


def text_blocks(columns: Sequence[ColumnInfo]) -> tuple[TextBlock, ...]:
    """Return the blocks of texts in the matrix."""
    blocks: dict[str, TextBlock] = {}
    for info in columns:
        if info.is_kept and info.kind == "text":
            name = re.sub("__+", "_", info.name).strip("_")
            while name in blocks:
                name += "+"
            blocks[name] = TextBlock(name, info.width)
    return tuple(blocks.values())


def date_columns(columns: Sequence[ColumnInfo]) -> tuple[DateColumns, ...]:
    """Return where the parts of datetimes are among the numbers of the matrix."""
    dates, position = [], 0
    for info in columns:
        if info.is_kept and info.kind not in ("categorical", "text"):
            if info.parts:
                dates.append(DateColumns(position, info.parts))
            position += max(1, len(info.parts))
    return tuple(dates)


def _without_repeats(names: Sequence[str], taken: Sequence[str]) -> list[str]:
    """Return the names, made different where one is taken.

    A column may by chance be called as the part of a datetime is.
    """
    seen, different = set(taken), []
    for name in names:
        while name in seen:
            name += "_"
        seen.add(name)
        different.append(name)
    return different
