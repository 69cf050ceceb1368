"""Profiles of the columns of the table of fit: summaries of bounded size, without rows."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

import numpy as np

from evolearn.data import PreparedTable, as_table, feature_names, is_sparse, n_rows, take_rows
from evolearn.data.column_values import label_of
from evolearn.data.containers import raw_columns
from evolearn.data.schema import ColumnInfo, columns_of_plain, plain_columns
from evolearn.profiles.column_reading import (
    MOST_PARSED,
    NUMBER_KINDS,
    ColumnReading,
    parses_strings,
    read_profiled,
)
from evolearn.profiles.frequencies import Frequencies
from evolearn.profiles.quantiles import Quantiles

# Rows and cells that are profiled; of larger tables a random part.
MOST_ROWS, FEWEST_ROWS, MOST_CELLS = 50_000, 1_000, 4_000_000


@dataclass(frozen=True)
class ColumnProfile:
    """Summary of one column of fit.

    Attributes
    ----------
    info : ColumnInfo
        Its kind and format, without categories.
    values, dtype : str
        Sort of its values and type in its library; see `ColumnReading`.
    n_rows, n_missing, n_unreadable : int
    quantiles : Quantiles or None
        Of numbers, of dates and durations in seconds, or of the lengths of texts.
    categories : Frequencies or None
    notations : Frequencies or None
        Of strings that are read as numbers or dates, or are identifiers.
    """

    info: ColumnInfo
    values: str
    dtype: str
    n_rows: int
    n_missing: int
    n_unreadable: int
    quantiles: Quantiles | None = None
    categories: Frequencies | None = None
    notations: Frequencies | None = None

    @property
    def is_of_numbers(self) -> bool:
        """Whether the quantiles are those of values, not of lengths of texts."""
        return self.info.kind in NUMBER_KINDS

    @classmethod
    def of(cls, reading: ColumnReading, info: ColumnInfo) -> Self:
        """Return the profile of a column that was read."""
        numbers, labels, notations = reading.numbers, reading.labels, reading.notations
        known = [label_of(category) for category in info.categories]
        return cls(
            info=replace(info, categories=(), tokens=None),
            values=reading.values,
            dtype=reading.dtype,
            n_rows=reading.n_rows,
            n_missing=reading.n_missing,
            n_unreadable=reading.n_unreadable,
            quantiles=Quantiles.of(numbers) if numbers is not None and len(numbers) else None,
            categories=None if labels is None else Frequencies.of(labels, known),
            notations=None if notations is None else Frequencies.of(notations),
        )


@dataclass(frozen=True)
class TableProfile:
    """Summaries of the columns of a table; the attribute ``table_profile_``.

    Attributes
    ----------
    n_rows : int
        Number of rows of the table.
    columns : tuple of ColumnProfile
        In the order of the table; empty for sparse tables, which have no profiles.
    has_names : bool
        Whether columns are found by name.
    """

    n_rows: int
    columns: tuple[ColumnProfile, ...]
    has_names: bool

    def as_dict(self) -> dict[str, Any]:
        """Return everything as numbers and texts, for saved models."""
        columns = [
            {**asdict(one), "info": info}
            for one, info in zip(
                self.columns, plain_columns([c.info for c in self.columns]), strict=True
            )
        ]
        return {
            "n_rows": self.n_rows,
            "has_names": self.has_names,
            "columns": json.dumps(columns),
        }

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Return the profile of which `as_dict` made these values."""
        columns = _with_tuples(json.loads(values["columns"]))
        infos = columns_of_plain([one["info"] for one in columns])
        return cls(
            n_rows=values["n_rows"],
            has_names=values["has_names"],
            columns=tuple(
                _column_of(one, info) for one, info in zip(columns, infos, strict=True)
            ),
        )


def _column_of(values: Mapping[str, Any], info: ColumnInfo) -> ColumnProfile:
    parts: dict[str, Any] = {**values, "info": info}
    for name, kind in (
        ("quantiles", Quantiles),
        ("categories", Frequencies),
        ("notations", Frequencies),
    ):
        if parts[name] is not None:
            parts[name] = kind(**parts[name])
    return ColumnProfile(**parts)


def _with_tuples(value: Any) -> Any:
    """Return a value read from JSON with tuples in place of lists."""
    if isinstance(value, dict):
        return {key: _with_tuples(one) for key, one in value.items()}
    return tuple(map(_with_tuples, value)) if isinstance(value, list) else value


def profile_table(X: Any, prepared: PreparedTable) -> TableProfile:
    """Return the profiles of the columns of a table of fit."""
    X = as_table(X)
    has_names = feature_names(X) is not None
    if is_sparse(X):
        return TableProfile(n_rows(X), (), has_names)
    infos = prepared.preparer.columns_
    table, few = sample_rows(X, len(infos)), sample_rows(X, len(infos), MOST_PARSED)
    of_all, of_few = raw_columns(table), raw_columns(few)
    profiles = []
    for j, info in enumerate(infos):
        raw, rows = (of_few, few) if parses_strings(info) else (of_all, table)
        if info.kind == "drop":  # nobody knows whether its values can be read
            profiles.append(ColumnProfile(info, "", "", 0, 0, 0))
        else:
            profiles.append(ColumnProfile.of(read_profiled(raw[j], rows, info), info))
    if n_rows(table) < n_rows(X) or n_rows(few) < n_rows(X):
        profiles = _with_ranges(profiles, prepared)
    return TableProfile(n_rows(X), tuple(profiles), has_names)


def sample_rows(X: Any, n_columns: int, most: int = MOST_ROWS) -> Any:
    """Return random rows of a table, all of them if they are few; the same each time."""
    total = n_rows(X)
    size = min(most, max(FEWEST_ROWS, MOST_CELLS // n_columns))
    if total <= size:
        return X
    rows = np.random.default_rng(0).choice(total, size, replace=False)
    return take_rows(X, np.sort(rows))


def _with_ranges(
    profiles: Sequence[ColumnProfile], prepared: PreparedTable
) -> list[ColumnProfile]:
    """Return profiles of a part of the rows with the ranges of all rows."""
    numbers = prepared.matrix[:, : prepared.schema.n_numeric]
    lowest, highest = np.fmin.reduce(numbers, axis=0), np.fmax.reduce(numbers, axis=0)
    place, ranged = 0, []
    for profile in profiles:
        info = profile.info
        if info.is_kept and info.is_numeric:
            is_value = info.parts[:1] in ((), ("seconds",)) and profile.is_of_numbers
            if is_value and profile.quantiles is not None:
                # Numbers beyond single precision are compressed in the matrix.
                low = min(float(lowest[place]), profile.quantiles.lowest)
                high = max(float(highest[place]), profile.quantiles.highest)
                share = 1 - profile.n_missing / profile.n_rows
                n_range = max(round(share * prepared.schema.n_rows), profile.quantiles.n_range)
                quantiles = replace(
                    profile.quantiles, lowest=low, highest=high, n_range=n_range
                )
                profile = replace(profile, quantiles=quantiles)
            place += max(1, len(info.parts))
        ranged.append(profile)
    return ranged
