"""Check of a new table against the profiles of fit, and its findings."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from html import escape
from typing import Any

from evolearn.data import as_table, column_labels, feature_names, frame_library, n_rows
from evolearn.data.column_values import Objects
from evolearn.data.containers import raw_columns
from evolearn.data.read_columns import read_column
from evolearn.data.text_columns import Reading, infer_reading
from evolearn.messages import one_line
from evolearn.profiles.column_check import Change, changes_of_column
from evolearn.profiles.column_reading import dtype_of, read_profiled
from evolearn.profiles.significance import FALSE_REPORTS
from evolearn.profiles.table_profile import ColumnProfile, TableProfile, sample_rows
from evolearn.results.tabular import Tabular

SEVERITIES = ("high", "medium", "low")
# Effects from which on a finding is of high or medium severity; for instance shares of rows.
HIGH, MEDIUM = 0.25, 0.05
# Tests of a column: missing values, unreadable values, categories or notations, range or whole
# numbers, distribution.
MOST_TESTS = 5
# Notes that are printed.
MOST_NOTES = 5
# Heading of the notes.
RARE = "As rare as in other rows of such a table"


@dataclass(frozen=True)
class Finding:
    """A change of a column of new rows, against the rows of fit.

    Attributes
    ----------
    column : str
    kind : str
        ``"missing column"``, ``"additional column"``, ``"number of columns"``, ``"type"``,
        ``"format"``, ``"unreadable values"``, ``"infinite values"``, ``"missing values"``,
        ``"unseen categories"``, ``"range"`` or ``"distribution"``.
    severity : {"high", "medium", "low"}
        By the share of the rows or the distance of the distributions; "low" for columns that
        the model does not use.
    sentence : str
    probability : float
        Upper bound of the probability of such a change by chance; 0 if it is certain.
    """

    column: str
    kind: str
    severity: str
    sentence: str
    probability: float = 0.0


@dataclass(frozen=True)
class TableCheck(Tabular):
    """Changes of new rows against those of fit; ``print`` and notebooks show them.

    Attributes
    ----------
    findings : tuple of Finding
        Changes that are not by chance, the most severe ones first. If new rows are like those
        of fit, there is one in at most 1 % of the tables.
    notes : tuple of Finding
        Values outside of the range and categories that were not seen in fit, where they are as
        rare as in other rows of the same table.
    n_rows, n_fit_rows, n_columns : int
        Number of new rows and of rows of fit, and number of compared columns.
    """

    findings: tuple[Finding, ...]
    notes: tuple[Finding, ...]
    n_rows: int
    n_fit_rows: int
    n_columns: int

    @property
    def ok(self) -> bool:
        """Whether there is no finding."""
        return not self.findings

    @property
    def title(self) -> str:
        """Sentence with the number of findings."""
        compared = (
            f"{self.n_rows} new row{'s'[: self.n_rows != 1]} against {self.n_fit_rows} of fit, "
            f"{self.n_columns} column{'s'[: self.n_columns != 1]}"
        )
        if not self.findings:
            return f"No change found ({compared})."
        number = len(self.findings)
        high = sum(one.severity == "high" for one in self.findings)
        severe = f", {high} of high severity" if high else ""
        return f"{number} finding{'s'[: number != 1]}{severe} ({compared}):"

    def columns(self) -> dict[str, list[Any]]:
        """Return the findings by severity, column, kind and sentence."""
        names = ("severity", "column", "kind", "sentence", "probability")
        return {name: [getattr(one, name) for one in self.findings] for name in names}

    def as_dict(self) -> dict[str, Any]:
        """Return everything as dictionaries, lists, numbers and texts, as JSON has them."""
        values = asdict(self)
        for name in ("findings", "notes"):
            values[name] = list(values[name])
        return {"ok": self.ok, **values}

    def json(self) -> dict[str, Any]:
        """Return the same as `as_dict`."""
        return self.as_dict()

    def __str__(self) -> str:
        lines = [self.title]
        lines += [f"  {one.severity:<6}  {one.kind}: {one.sentence}" for one in self.findings]
        if self.notes:
            lines.append(f"{RARE}:")
            lines += [f"  {one.sentence}" for one in self.notes[:MOST_NOTES]]
        more = len(self.notes) - MOST_NOTES
        return "\n".join(lines + ([f"  and {more} more"] if more > 0 else []))

    def _repr_html_(self) -> str:
        shown = [(one.severity, one.kind, one.sentence) for one in self.findings]
        side = "style='text-align:left'"
        rows = "".join(
            f"<tr>{''.join(f'<td {side}>{escape(text)}</td>' for text in row)}</tr>"
            for row in shown
        )
        head = "".join(f"<th {side}>{name}</th>" for name in ("severity", "kind", "finding"))
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
        notes = "".join(f"<li>{escape(one.sentence)}</li>" for one in self.notes)
        folded = f"<details><summary>{RARE} ({len(self.notes)})</summary><ul>{notes}</ul>"
        return (
            f"<div><p>{escape(self.title)}</p>{table if shown else ''}"
            f"{f'{folded}</details>' if notes else ''}</div>"
        )


def check_new_table(profile: TableProfile, X: Any) -> TableCheck:
    """Compare new rows with the profiles of fit.

    Raises
    ------
    TypeError, ValueError
        If X is no table with rows and columns, or the profile is that of a sparse table.
    """
    X = as_table(X)
    if not profile.columns:
        raise ValueError("The model was fitted on a sparse table, of which no profile is kept.")
    total, table = n_rows(X), sample_rows(X, X.shape[1])
    places, findings = _places(profile, X)
    columns, tested = raw_columns(table), []
    for old, place in zip(profile.columns, places, strict=True):
        if place is not None and old.info.kind != "drop":
            tested += [(old, one) for one in _changes(old, columns[place], table)]
    limit, notes = FALSE_REPORTS / (MOST_TESTS * len(profile.columns)), []
    for old, change in tested:
        if change.probability <= limit:
            findings.append(_finding(old, change))
        elif change.is_listed:
            notes.append(_finding(old, change))
    findings.sort(key=lambda one: SEVERITIES.index(one.severity))
    n_compared = sum(place is not None for place in places)
    return TableCheck(tuple(findings), tuple(notes), total, profile.n_rows, n_compared)


def _places(profile: TableProfile, X: Any) -> tuple[list[int | None], list[Finding]]:
    """Return the place of each column of fit in a table, and findings on its columns."""
    names, labels = [one.info.name for one in profile.columns], column_labels(X)
    if frame_library(X) and (profile.has_names and feature_names(X) is not None):
        places = {str(label): j for j, label in enumerate(labels)}
        findings = [
            Finding(
                name,
                "missing column",
                "high",
                f"The column '{name}' is missing; predict refuses the table.",
            )
            for name in names
            if name not in places
        ]
        findings += [
            Finding(
                name,
                "additional column",
                "low",
                f"The column '{name}' was not in the table of fit; it is ignored.",
            )
            for name in map(str, labels)
            if name not in set(names)
        ]
        return [places.get(name) for name in names], findings
    if len(labels) == len(names):
        return list(range(len(names))), []
    sentence = (
        f"The table has {len(labels)} columns, that of fit had {len(names)}; predict refuses "
        "it."
    )
    return [None] * len(names), [Finding("", "number of columns", "high", sentence)]


def _changes(old: ColumnProfile, raw: Any, table: Any) -> Sequence[Change]:
    """Return the changes of a column; one that cannot be read has changed its type."""
    try:
        new = read_profiled(raw, table, old.info)
        return list(changes_of_column(old, new, _order_of_dates(old, raw, table)))
    except (TypeError, ValueError) as error:
        reason = one_line(error).partition(";")[0].rstrip(".")
        refused = ", and predict refuses it" if old.info.is_kept else ""
        sentence = (
            f"'{old.info.name}' cannot be read as in fit, where it held {old.values} (type "
            f"{old.dtype}); its type is {dtype_of(raw)} now{refused}: {reason}."
        )
        return [Change("type", 1.0, sentence)]


def _order_of_dates(old: ColumnProfile, raw: Any, table: Any) -> Reading | None:
    """Return the format of new strings of dates if that of fit has an order of the day."""
    if not getattr(old.info.text_format, "order", ""):
        return None
    column = read_column(raw, table)
    return infer_reading(column, "datetime") if isinstance(column, Objects) else None


def _finding(old: ColumnProfile, change: Change) -> Finding:
    severity = "low"
    if old.info.is_kept:
        is_high, is_medium = change.effect >= HIGH, change.effect >= MEDIUM
        severity = "high" if is_high else "medium" if is_medium else "low"
    return Finding(old.info.name, change.kind, severity, change.sentence, change.probability)
