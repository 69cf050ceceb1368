"""What is known of a table: its input columns, and the numeric matrix made of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ColumnInfo:
    """One column of the user's table, as fit saw it.

    Attributes
    ----------
    name : str
        The column's name; `"x3"` for the fourth column of an array.
    kind : {"numeric", "categorical", "datetime", "timedelta", "drop"}
        What the column is read as; `"drop"` only where the user asked for it.
    categories : tuple of str or float
        The frozen categories in code order; empty unless `kind` is `"categorical"`.
    parts : tuple of str
        The columns made of a datetime, such as `("seconds", "month")`; else empty.
    reason : str
        Why the column is dropped; empty for a column that is kept.
    """

    name: str
    kind: str
    categories: tuple[str, ...] | tuple[float, ...] = ()
    parts: tuple[str, ...] = ()
    reason: str = ""

    @property
    def is_kept(self) -> bool:
        """Whether the column reaches the matrix."""
        return not self.reason


@dataclass(frozen=True)
class TableSchema:
    """The layout of the numeric matrix: numbers first, then codes of categories."""

    n_rows: int
    n_numeric: int
    cardinalities: tuple[int, ...]
    names: tuple[str, ...]
    has_missing: bool
    has_missing_categories: bool
    sparse: bool

    @property
    def n_columns(self) -> int:
        """Number of columns of the matrix."""
        return self.n_numeric + len(self.cardinalities)
