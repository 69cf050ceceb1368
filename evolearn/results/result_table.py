"""Results of a search that are mappings of columns, and read well when they are shown."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, ClassVar, Self

import numpy as np

# Rows that are shown; frames have all of them.
MOST_ROWS = 15
# Width of a line in characters: that of a usual terminal, and of a cell in a notebook.
WIDTH = 100


class ResultTable(dict[str, Any]):
    """Columns of equal length by name.

    ``pandas.DataFrame(table)`` and `frame` make a frame of it. ``print`` and notebooks show the
    most telling columns of its first rows.

    Parameters
    ----------
    columns : mapping of str to array
        The columns.
    metric : str
        Name of the metric that the errors are made of.
    params : sequence of dict, default=()
        Parameters of the candidates, for ``table["params"]``. They are no column of a frame:
        their texts are longer than all others together.

    Examples
    --------
    >>> import numpy as np
    >>> from evolearn.results import Leaderboard
    >>> table = Leaderboard(
    ...     {"rank": np.array([1]), "candidate": np.array([7]), "fitness": np.array([0.25]),
    ...      "std": np.array([0.02]), "ensemble_weight": np.array([1.0]),
    ...      "fit_seconds": np.array([0.5]), "pipeline": np.array(["ridge(alpha=1)"])},
    ...     metric="r2", params=[{"estimator": "ridge", "ridge__alpha": 1}],
    ... )
    >>> print(table)
    Leaderboard: 1 row; fitness is the error of r2, lower is better
    rank  candidate  fitness  std   weight  fit s  pipeline
       1          7  0.25     0.02  1.00    0.5    ridge(alpha=1)
    """

    #: Columns that are shown, with their headings and formats.
    shown: ClassVar[Mapping[str, tuple[str, str]]] = {}

    def __init__(
        self,
        columns: Mapping[str, Any],
        metric: str = "",
        params: Sequence[Mapping[str, Any]] = (),
    ) -> None:
        super().__init__(columns)
        self.metric = metric
        self._params = tuple(params)

    def __missing__(self, name: str) -> Any:
        if name != "params" or len(self._params) != self.n_rows:
            raise KeyError(name)
        column = np.empty(self.n_rows, dtype=object)
        column[:] = self._params
        return column

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self), self.metric, self._params)

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.values()), ()))

    def frame(self) -> Any:
        """Return the table as a pandas frame.

        Returns
        -------
        pandas.DataFrame
            One column for each column of the table.

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        try:
            import pandas
        except ModuleNotFoundError as error:
            msg = (
                f"{type(self).__name__}.frame() needs pandas, which is not installed; run "
                "'pip install pandas', or use the columns, such as table['fitness']."
            )
            raise ImportError(msg) from error
        return pandas.DataFrame(dict(self))

    def plain(self) -> dict[str, Any]:
        """Return the content as built-in types and arrays, for files of other libraries."""
        return {"columns": dict(self), "metric": self.metric, "params": list(self._params)}

    @classmethod
    def of_plain(cls, content: Mapping[str, Any]) -> Self:
        """Return the table of a content that `plain` has made."""
        return cls(content["columns"], content["metric"], content["params"])

    # -- what people see --------------------------------------------------------------------

    def _title(self) -> str:
        rows = "1 row" if self.n_rows == 1 else f"{self.n_rows} rows"
        told = f"; fitness is the error of {self.metric}, lower is better"
        return f"{type(self).__name__}: {rows}{told if self.metric else ''}"

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        """Return the headings, and the texts of the rows that are shown."""
        names = [name for name in self.shown if name in self]
        rows = range(min(self.n_rows, MOST_ROWS))
        return [self.shown[name][0] for name in names], [
            [_text(self[name][i], self.shown[name][1]) for name in names] for i in rows
        ]

    def _more(self) -> str:
        left = self.n_rows - MOST_ROWS
        return f"... and {left} more; frame() has all" if left > 0 else ""

    def __str__(self) -> str:
        headings, rows = self._cells()
        columns = list(zip(headings, *rows, strict=True))
        widths = [max(map(len, column)) for column in columns]
        numeric = [all(c.lstrip("-").isdigit() for c in column[1:] if c) for column in columns]
        lines = []
        for row in [headings, *rows]:
            cells = [
                text.rjust(width) if right else text.ljust(width)
                for text, width, right in zip(row, widths, numeric, strict=True)
            ]
            line = "  ".join(cells).rstrip()
            lines.append(line if len(line) <= WIDTH else f"{line[: WIDTH - 3]}...")
        return "\n".join(line for line in [self._title(), *lines, self._more()] if line)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        headings, rows = self._cells()
        style = 'style="text-align:left;padding:2px 10px 2px 0;color:inherit"'
        head = "".join(f"<th {style}>{escape(heading)}</th>" for heading in headings)
        body = "".join(
            f"<tr>{''.join(f'<td {style}>{escape(cell)}</td>' for cell in row)}</tr>"
            for row in rows
        )
        more = f"<p>{escape(self._more())}</p>" if self._more() else ""
        return (
            f'<div style="overflow-x:auto"><p>{escape(self._title())}</p>'
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}</div>"
        )


class Leaderboard(ResultTable):
    """The scored candidates, the ensemble and the baseline, best first."""

    shown: ClassVar = {
        "rank": ("rank", "place"),
        "candidate": ("candidate", "place"),
        "fitness": ("fitness", ".4g"),
        "std": ("std", ".2g"),
        "ensemble_weight": ("weight", ".2f"),
        "fit_seconds": ("fit s", ".2g"),
        "pipeline": ("pipeline", ""),
    }


class History(ResultTable):
    """The generations of a search, the last of which may be incomplete."""

    shown: ClassVar = {
        "generation": ("generation", "d"),
        "elapsed_seconds": ("seconds", ".1f"),
        "n_evaluations": ("candidates", "d"),
        "n_failed": ("failed", "d"),
        "best_fitness": ("best so far", ".5g"),
        "generation_best": ("best", ".5g"),
        "generation_median": ("median", ".5g"),
        "mean_complexity": ("complexity", ".1f"),
    }


class ParetoFront(ResultTable):
    """The candidates that no other candidate beats in both fitness and complexity."""

    shown: ClassVar = {
        "candidate": ("candidate", "d"),
        "fitness": ("fitness", ".4g"),
        "complexity": ("complexity", ".1f"),
        "pipeline": ("pipeline", ""),
    }


def _text(value: Any, form: str) -> str:
    """Return a value as a cell; what is not known is empty, and so is a place below zero."""
    if form == "place":
        return str(value) if value >= 0 else ""
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else format(float(value), form)
    return format(value, form)
