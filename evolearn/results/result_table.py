"""Results of a search that are mappings of columns, and read well when they are shown."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from evolearn.optional import import_optional
from evolearn.results.numbers import error_name
from evolearn.results.tabular import html_of_table, text_of_table

# Rows that are shown; frames have all of them.
MOST_ROWS = 15
# Longest text of a cell, so that a row has about the width of a usual terminal.
MOST_CHARACTERS = 60


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
    ...      "ensemble_weight": np.array([1.0]), "pipeline": np.array(["ridge(alpha=1)"])},
    ...     metric="r2", params=[{"estimator": "ridge", "ridge__alpha": 1}],
    ... )
    >>> print(table)
    Leaderboard: 1 row; fitness is the error of r2, lower is better
    rank  candidate  fitness  weight  pipeline
       1          7     0.25       1  ridge(alpha=1)
    >>> table["params"][0]["estimator"]
    'ridge'
    """

    #: Columns that are shown, with their headings.
    shown: ClassVar[Mapping[str, str]] = {}

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
        pandas = import_optional("pandas", f"{type(self).__name__}.frame")
        return pandas.DataFrame(dict(self))

    def as_dict(self) -> dict[str, Any]:
        """Return the content as built-in types and arrays, for files of other libraries."""
        return {
            "columns": plain_columns(self),
            "metric": self.metric,
            "params": list(self._params),
        }

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Self:
        """Return the table that `as_dict` has made a dictionary of."""
        return cls(columns_of_plain(content["columns"]), content["metric"], content["params"])

    def _title(self) -> str:
        rows = "1 row" if self.n_rows == 1 else f"{self.n_rows} rows"
        n_shown = len(self._shown_rows())
        first = f", {n_shown} of them shown" if self.n_rows > n_shown else ""
        is_error = self.metric.startswith("neg_")
        name = f"error of {self.metric}"
        if is_error:
            name = f"{error_name(self.metric, None)} ({self.metric})"
        told = f"; fitness is the {name}, lower is better"
        return f"{type(self).__name__}: {rows}{first}{told if self.metric else ''}"

    def _shown_rows(self) -> list[int]:
        """Return the positions of the rows that are shown."""
        return list(range(min(self.n_rows, MOST_ROWS)))

    def _shown_columns(self) -> dict[str, list[Any]]:
        rows = self._shown_rows()
        return {
            heading: [_shown(value) for value in self[name][rows].tolist()]
            for name, heading in self.shown.items()
            if name in self
        }

    def __str__(self) -> str:
        return text_of_table(self._title(), self._shown_columns())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return html_of_table(self._title(), self._shown_columns())


def plain_columns(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return columns with lists in place of arrays of objects, for files of other libraries."""
    return {
        name: column.tolist() if getattr(column, "dtype", "") == np.dtype("O") else column
        for name, column in columns.items()
    }


def columns_of_plain(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return columns with arrays of objects in place of lists."""
    return {
        name: array_of_objects(column) if isinstance(column, list) else column
        for name, column in columns.items()
    }


def array_of_objects(values: Sequence[Any]) -> NDArray[np.object_]:
    """Return values as a one-dimensional array, even if they are sequences themselves."""
    column = np.empty(len(values), dtype=object)
    column[:] = list(values)
    return column


class Leaderboard(ResultTable):
    """The scored candidates, the ensemble and the baseline, best first."""

    shown: ClassVar = {
        "rank": "rank",
        "candidate": "candidate",
        "fitness": "fitness",
        "std": "std",
        "ensemble_weight": "weight",
        "fit_seconds": "fit s",
        "pipeline": "pipeline",
    }

    def _shown_columns(self) -> dict[str, list[Any]]:
        columns = super()._shown_columns()
        if "weight" in columns:
            columns["weight"] = [weight or None for weight in columns["weight"]]
        return columns

    def _shown_rows(self) -> list[int]:
        """Return the positions of the best rows, and of the ensemble and the baseline."""
        candidates = self.get("candidate", np.zeros(self.n_rows))
        late = [i for i in range(MOST_ROWS, self.n_rows) if candidates[i] < 0]
        return [*range(min(self.n_rows, MOST_ROWS - len(late))), *late]


class History(ResultTable):
    """The generations of a search, the last of which may be incomplete."""

    shown: ClassVar = {
        "generation": "generation",
        "elapsed_seconds": "seconds",
        "n_evaluations": "candidates",
        "n_failed": "failed",
        "best_fitness": "best so far",
        "generation_best": "best",
        "generation_median": "median",
        "mean_complexity": "complexity",
    }


class ParetoFront(ResultTable):
    """The candidates that no other candidate beats in both fitness and complexity."""

    shown: ClassVar = {
        "candidate": "candidate",
        "fitness": "fitness",
        "complexity": "complexity",
        "pipeline": "pipeline",
    }


def _shown(value: Any) -> Any:
    """Return a value as it is shown: nothing for a place of -1, and long pipelines cut."""
    if not isinstance(value, str):
        return None if isinstance(value, int) and value < 0 else value
    return value if len(value) <= MOST_CHARACTERS else _shortened(value)


def _shortened(pipeline: str) -> str:
    """Return a pipeline without the values of its steps, and with less if it is still long."""
    *steps, model = pipeline.split(" -> ")
    names = [step.partition("(")[0] for step in steps]
    lines = [" -> ".join([*names, model])]
    # The model tells more than the steps before it.
    lines += [
        " -> ".join([*["..."][:first], *names[first:], model.partition("(")[0]])
        for first in range(len(names) + 1)
        if names
    ]
    fitting = [line for line in lines if len(line) <= MOST_CHARACTERS]
    return fitting[0] if fitting else f"{lines[-1][: MOST_CHARACTERS - 3]}..."
