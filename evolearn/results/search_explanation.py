"""Account of a search: how often each part of its space was tried, and its best error."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from evolearn.results.numbers import count_text, error_text
from evolearn.results.tabular import Tabular, html_of_table, text_of_table

ESTIMATOR = "estimator"
# Reasons and names that are listed; of more, the number is given.
MOST_REASONS, MOST_NAMES = 5, 12
# Headings of columns, where text and HTML have others than the frame.
HEADINGS = {
    "role": "gene",
    "given_up": "given up",
    "best_fitness": "best error",
    "behind_best": "above best",
    "ensemble_weight": "weight",
}
# Longest text of a failure.
MOST_CHARACTERS = 100


@dataclass(frozen=True)
class PartOfSearch:
    """An estimator, or an option of a gene, and its part in a search.

    Attributes
    ----------
    name : str
    role : str
        ``"estimator"``, or the name of the gene.
    n_tried : int
        Candidates that use it.
    n_raced : int
        Those that were given up after some folds as far behind.
    n_slow : int
        Those that were given up as too slow for the time that there was.
    n_failed : int
        Those that failed.
    best_fitness : float or None
        The lowest error of a candidate that uses it; None if none was scored.
    best_candidate : int or None
        The number of that candidate.
    seconds : float
        Seconds spent on these candidates, where they are known.
    weight : float
        Weight in the ensemble of the candidates that use it.
    failures : tuple of (str, int)
        Reasons of the failures with their numbers, the most frequent first.
    absent : str
        The reason why it was not part of the search; else empty.
    """

    name: str
    role: str
    n_tried: int = 0
    n_raced: int = 0
    n_slow: int = 0
    n_failed: int = 0
    best_fitness: float | None = None
    best_candidate: int | None = None
    seconds: float = 0.0
    weight: float = 0.0
    failures: tuple[tuple[str, int], ...] = ()
    absent: str = ""

    @property
    def is_estimator(self) -> bool:
        """Whether it is an estimator, and no option of a gene."""
        return self.role == ESTIMATOR


@dataclass(frozen=True)
class SearchExplanation(Tabular):
    """Account of a search by estimators and genes.

    `print` shows tables of what was tried, then what was left out and what failed, grouped by
    reason; `frame` has one row per part.

    Attributes
    ----------
    parts : tuple of PartOfSearch
        Estimators, the best first, then the options of the genes in the order of a pipeline.
    best_fitness : float or None
        Error of the best single candidate.
    n_candidates : int
        Number of all candidates.
    metric : str
        Name of the metric; empty if it is not known.
    """

    parts: tuple[PartOfSearch, ...]
    best_fitness: float | None
    n_candidates: int
    metric: str = ""

    @property
    def title(self) -> str:
        """Sentence with the numbers of the search."""
        n_tried = sum(part.is_estimator and part.n_tried > 0 for part in self.parts)
        best = (
            ""
            if self.best_fitness is None
            else f"; the best error is {error_text(self.best_fitness)}"
        )
        metric = f" ({self.metric})" if best and self.metric else ""
        candidates = count_text(self.n_candidates, "candidate")
        were = "was" if self.n_candidates == 1 else "were"
        return f"{candidates} of {count_text(n_tried, 'estimator')} {were} tried{best}{metric}."

    def columns(self) -> dict[str, list[Any]]:
        """Return one row per part, those that were left out included."""
        return self._columns(self.parts)

    def _columns(self, parts: Iterable[PartOfSearch]) -> dict[str, list[Any]]:
        parts = list(parts)
        return {
            "role": [part.role for part in parts],
            "name": [part.name for part in parts],
            "tried": [part.n_tried for part in parts],
            "given_up": [part.n_raced + part.n_slow for part in parts],
            "failed": [part.n_failed for part in parts],
            "best_fitness": [part.best_fitness for part in parts],
            "behind_best": [behind(part.best_fitness, self.best_fitness) for part in parts],
            "seconds": [part.seconds for part in parts],
            "ensemble_weight": [part.weight for part in parts],
            "note": [part.absent or reasons(part.failures) for part in parts],
        }

    def _tables(self) -> list[tuple[str, dict[str, list[Any]]]]:
        """Return titles and columns of the tables of tried parts."""
        tables = []
        for title, is_wanted in ((self.title, True), ("Options of genes:", False)):
            parts = [p for p in self.parts if p.is_estimator == is_wanted and not p.absent]
            columns = self._columns(p for p in parts if p.n_tried)
            del columns["note"]
            if is_wanted:
                del columns["role"]
            shown = {HEADINGS.get(key, key): _shown(key, cs) for key, cs in columns.items()}
            tables.append((title, shown))
        return tables

    def _remarks(self) -> list[str]:
        """Return sentences on parts that were not tried, were left out, or failed."""
        untried = [p.name for p in self.parts if not p.absent and not p.n_tried]
        remarks = [f"Not tried before the end: {_listed(untried)}."] if untried else []
        reasons: dict[str, list[str]] = {}
        for part in self.parts:
            if part.absent:
                reasons.setdefault(part.absent, []).append(part.name)
        remarks += [
            f"Left out, {reason}: {_listed(names)}." for reason, names in reasons.items()
        ]
        n_slow = sum(part.n_slow for part in self.parts if part.is_estimator)
        if n_slow:
            number = "1 candidate" if n_slow == 1 else f"{n_slow} candidates"
            remarks.append(f"Given up as too slow for the time there was: {number}.")
        failures = grouped(
            reason
            for part in self.parts
            if part.is_estimator
            for reason, count in part.failures
            for _ in range(count)
        )
        for reason, count in failures[:MOST_REASONS]:
            number = "1 candidate" if count == 1 else f"{count} candidates"
            remarks.append(f"Failed, {number}: {reason}.")
        return remarks

    def __str__(self) -> str:
        tables = [text_of_table(title, columns) for title, columns in self._tables()]
        return "\n\n".join([*tables, "\n".join(self._remarks())]).rstrip()

    def _repr_html_(self) -> str:
        tables = [html_of_table(title, columns) for title, columns in self._tables()]
        remarks = "".join(f"<li>{escape(text)}</li>" for text in self._remarks())
        return "".join(tables) + (f"<ul>{remarks}</ul>" if remarks else "")


def behind(fitness: float | None, best: float | None) -> float | None:
    """Return the share of the best error by which an error is above it; None if unknown.

    Of a best error of zero there is no share.
    """
    return None if fitness is None or not best else (fitness - best) / abs(best)


def grouped(failures: Iterable[str]) -> tuple[tuple[str, int], ...]:
    """Return reasons with their counts; those that differ in numbers alone are one reason."""
    first: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for failure in failures:
        text = failure if len(failure) <= MOST_CHARACTERS else f"{failure[:MOST_CHARACTERS]}..."
        key = re.sub(r"\d+(\.\d+)?", "#", text)
        counts[key] += 1
        first.setdefault(key, text.rstrip("."))
    return tuple((first[key], count) for key, count in counts.most_common())


def reasons(failures: Sequence[tuple[str, int]]) -> str:
    """Return the most frequent reasons with their counts as text."""
    return "; ".join(f"{count} x {reason}" for reason, count in failures[:MOST_REASONS])


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _shown(name: str, values: list[Any]) -> list[Any]:
    """Return shares as per cent and seconds with one digit, for text."""
    if name in ("behind_best", "ensemble_weight"):
        sign = "+" if name == "behind_best" else ""
        return ["" if v is None or (not v and not sign) else f"{v:{sign}.1%}" for v in values]
    return [round(v, 1) for v in values] if name == "seconds" else values
