"""Findings about a table, as a small table that can be read."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from evolearn.results.tabular import Tabular


@dataclass(frozen=True)
class Finding:
    """A doubt about a table.

    Attributes
    ----------
    kind : str
        ``"time order"``, ``"groups"``, ``"duplicates"``, ``"leak"``, ``"identifier"`` or
        ``"rare class"``.
    columns : tuple of str
        The columns that it is about; empty if it is about the rows.
    found : str
        What was found, in one sentence.
    advice : str
        What to do, in one sentence.
    """

    kind: str
    columns: tuple[str, ...]
    found: str
    advice: str


class Diagnosis(Tabular, Sequence[Finding]):
    """The findings about a table, the most serious ones first.

    Parameters
    ----------
    findings : sequence of Finding
    n_rows, n_columns : int
        Size of the table.
    task : str
        Name of the task that was assumed.

    Examples
    --------
    >>> from evolearn.results.findings import Diagnosis
    >>> print(Diagnosis([], 120, 4, "regression"))
    Nothing suspicious was found in 120 rows and 4 columns (regression).
    """

    def __init__(
        self, findings: Sequence[Finding], n_rows: int, n_columns: int, task: str
    ) -> None:
        self.findings = tuple(findings)
        self.n_rows = n_rows
        self.n_columns = n_columns
        self.task = task

    def __len__(self) -> int:
        return len(self.findings)

    def __getitem__(self, position: Any) -> Any:
        return self.findings[position]

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    @property
    def title(self) -> str:
        """Sentence above the findings."""
        size = f"{self.n_rows:,} rows and {self.n_columns:,} columns ({self.task})"
        if not self.findings:
            return f"Nothing suspicious was found in {size}."
        number = "One finding" if len(self) == 1 else f"{len(self)} findings"
        return f"{number} in {size}:"

    def columns(self) -> dict[str, list[Any]]:
        """Return kind, columns, finding and advice as columns."""
        return {
            "kind": [one.kind for one in self],
            "columns": [", ".join(one.columns) for one in self],
            "found": [one.found for one in self],
            "advice": [one.advice for one in self],
        }

    def as_dicts(self) -> list[dict[str, Any]]:
        """Return the findings as dictionaries of built-in types."""
        return [{**asdict(one), "columns": list(one.columns)} for one in self]

    def __str__(self) -> str:
        lines = [self.title]
        for one in self:
            lines += [f"- {one.kind}: {one.found}", f"    {one.advice}"]
        return "\n".join(lines)
