"""What is known of a table: its input columns, and the numeric matrix made of them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ColumnInfo:
    """One column of the user's table, as fit saw it.

    Attributes
    ----------
    name : str
        The column's name; `"x3"` for the fourth column of an array.
    kind : {"numeric", "categorical", "datetime", "timedelta", "text", "drop"}
        What the column is read as; `"drop"` only where the user asked for it.
    categories : tuple of str or float
        The frozen categories in code order; empty unless `kind` is `"categorical"`.
    parts : tuple of str
        The columns made of a datetime, such as `("seconds", "month")`; else empty.
    width : int
        The number of columns that the words of a text are counted in; else 0.
    characters : int
        How many characters of each text are read; 0 for what is no text.
    reason : str
        Why the column is dropped; empty for a column that is kept.
    found : bool
        Whether numbers or dates were found among strings, unasked: strings that are none are
        missing values then, as categories are that fit has not seen.
    """

    name: str
    kind: str
    categories: tuple[str, ...] | tuple[float, ...] = ()
    parts: tuple[str, ...] = ()
    width: int = 0
    characters: int = 0
    reason: str = ""
    found: bool = False

    @property
    def is_kept(self) -> bool:
        """Whether the column reaches the matrix."""
        return not self.reason


@dataclass(frozen=True)
class TextBlock:
    """The columns of the matrix in which the words of a text are counted.

    Attributes
    ----------
    name : str
        The column's name, without two underscores in a row or one at an end, by which
        scikit-learn separates names; no two blocks have the same.
    width : int
        The number of columns.
    """

    name: str
    width: int


@dataclass(frozen=True)
class DateColumns:
    """The columns of the matrix that are made of a datetime.

    Attributes
    ----------
    start : int
        The position of the first one, the seconds.
    parts : tuple of str
        What they are, as in `ColumnInfo`.
    """

    start: int
    parts: tuple[str, ...]

    def position(self, part: str) -> int:
        """Return the position of one of the parts."""
        return self.start + self.parts.index(part)


@dataclass(frozen=True)
class TableSchema:
    """The layout of the numeric matrix: numbers, then words of texts, then codes of categories.

    Attributes
    ----------
    n_rows : int
    n_numeric : int
        Number of columns of numbers, the first ones.
    cardinalities : tuple of int
        Number of categories of each column of codes, the last ones.
    names : tuple of str
        The names of all columns of the matrix.
    has_missing : bool
        Whether a number is missing.
    has_missing_categories : bool
        Whether a code is missing.
    sparse : bool
        Whether the matrix is a CSR matrix, of numbers alone.
    texts : tuple of TextBlock
        The blocks between numbers and codes, in their order.
    dates : tuple of DateColumns
        Where the parts of datetimes are among the numbers.
    """

    n_rows: int
    n_numeric: int
    cardinalities: tuple[int, ...]
    names: tuple[str, ...]
    has_missing: bool
    has_missing_categories: bool
    sparse: bool
    texts: tuple[TextBlock, ...] = ()
    dates: tuple[DateColumns, ...] = ()

    @property
    def n_columns(self) -> int:
        """Number of columns of the matrix."""
        return self.first_code + len(self.cardinalities)

    @property
    def first_code(self) -> int:
        """The position of the first column of codes."""
        return self.n_numeric + sum(block.width for block in self.texts)
