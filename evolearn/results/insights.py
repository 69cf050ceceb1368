"""Insights into a fitted model: where it errs, which columns matter, how it came about.

All of them are small summaries made at the end of ``fit``. They hold numbers and names, and no
row of the table.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isnan
from typing import Any

from evolearn.results.error_summaries import ClassificationSummary, Numbers, ResidualSummary
from evolearn.results.findings import Diagnosis
from evolearn.results.numbers import error_text, percent
from evolearn.results.tabular import Tabular


@dataclass(frozen=True)
class Importances(Tabular):
    """Importances of the original columns, with intervals.

    Attributes
    ----------
    measure : str
        The quantity that was measured, in words.
    columns_of_table : tuple of str
        Names of the columns, in the order of the table.
    importance, lower, upper : tuple of float
        Importance of each column, and the bounds of its interval. The interval covers the
        chance of the rows and of the order in which values were exchanged.
    coverage : float
        Nominal coverage of the intervals.
    n_rows : int
        Number of rows by which it was measured.
    n_repeats : int
        Number of orders in which the values of each column were exchanged.
    note : str
        A restriction, such as an early end for lack of time; else empty.
    """

    measure: str
    columns_of_table: tuple[str, ...]
    importance: Numbers
    lower: Numbers
    upper: Numbers
    coverage: float
    n_rows: int
    n_repeats: int = 1
    note: str = ""

    @property
    def order(self) -> list[int]:
        """Positions of the columns, the most important one first."""
        values = self.importance
        return sorted(range(len(values)), key=lambda j: (isnan(values[j]), -values[j], j))

    @property
    def title(self) -> str:
        """Sentence with the measure, and the note."""
        sentence = (
            f"Importance: {self.measure}, by {self.n_rows} rows, with intervals of "
            f"{self.coverage:.0%}."
        )
        return f"{sentence} {self.note}".rstrip()

    def columns(self) -> dict[str, list[Any]]:
        """Return names, importances and bounds, the most important column first."""
        order = self.order
        return {
            "column": [self.columns_of_table[j] for j in order],
            "importance": [self.importance[j] for j in order],
            "lower": [self.lower[j] for j in order],
            "upper": [self.upper[j] for j in order],
        }


@dataclass(frozen=True)
class Condition:
    """Condition on one column of the table.

    Either `low` and `high` are bounds of numbers (``low < value <= high``, None for an open
    end), or `categories` are the values that are meant.
    """

    column: str
    low: float | str | None = None
    high: float | str | None = None
    categories: tuple[str, ...] = ()
    missing: bool = False  # whether rows without a value are meant as well
    only_missing: bool = False

    def __str__(self) -> str:
        if self.only_missing:
            return f"{self.column} is missing"
        end = " or missing" if self.missing else ""
        if self.categories:
            shown = ", ".join(self.categories[:4])
            more = len(self.categories) - 4
            shown += f" and {more} more" if more > 0 else ""
            return f"{self.column} is {shown}{end}"
        if self.low is None and self.high is None:
            return f"{self.column} is known"
        low, high = _bound(self.low), _bound(self.high)
        if self.low is None:
            return f"{self.column} is at most {high}{end}"
        if self.high is None:
            return f"{self.column} is above {low}{end}"
        return f"{self.column} is above {low} and at most {high}{end}"


def _bound(value: float | str | None) -> str:
    return error_text(value) if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Segment:
    """Rows that meet all of some conditions, with their error.

    Attributes
    ----------
    conditions : tuple of Condition
    n_rows : int
        Number of these rows among the scored ones.
    share : float
        Their share of the scored rows.
    error : float
        Their mean error, measured on the half of the rows that did not choose the segment.
    lower, upper : float
        Bounds of a 90 % interval of that error.
    """

    conditions: tuple[Condition, ...]
    n_rows: int
    share: float
    error: float
    lower: float
    upper: float

    def __str__(self) -> str:
        return " and ".join(map(str, self.conditions))


@dataclass(frozen=True)
class WorstSegments(Tabular):
    """The segments of the table in which the model errs most, out of fold.

    Attributes
    ----------
    error_name : str
        The error of a row, such as ``"absolute error"``.
    overall_error : float
        Its mean over all scored rows.
    segments : tuple of Segment
        The worst first; empty if no segment is worse than the others beyond noise.
    """

    error_name: str
    overall_error: float
    segments: tuple[Segment, ...]

    @property
    def title(self) -> str:
        """Sentence that compares with the error of all rows."""
        overall = f"a mean {self.error_name} of {error_text(self.overall_error)}"
        if not self.segments:
            return f"No segment is clearly worse than all rows, which have {overall}."
        return f"Segments that are worse than all rows, which have {overall}:"

    def columns(self) -> dict[str, list[Any]]:
        """Return the segments in words, with their errors."""
        return {
            "segment": [str(one) for one in self.segments],
            "rows": [one.n_rows for one in self.segments],
            "error": [one.error for one in self.segments],
            "lower": [one.lower for one in self.segments],
            "upper": [one.upper for one in self.segments],
        }


@dataclass(frozen=True)
class Dependence:
    """Mean prediction by the values of one column, relative to the mean over all rows.

    Attributes
    ----------
    column : str
    points : tuple of float or str
        Typical values of the column, rising; categories as text.
    outcome : str
        The predicted quantity: ``"prediction"``, or the class whose probability is meant.
    effect : tuple of float
        Change of the mean prediction at each point.
    count : tuple of int
        Number of comparisons behind each point.
    """

    column: str
    points: tuple[float | str, ...]
    outcome: str
    effect: Numbers
    count: tuple[int, ...]


@dataclass(frozen=True)
class MadeColumn:
    """A column that evolved pipelines compute from others.

    Attributes
    ----------
    formula : str
        The formula with the names of the columns, such as ``"log1p(area) / rooms"``.
    gene : str
        The gene that makes it.
    n_candidates : int
        Scored candidates that use it.
    weight : float
        Weight, in the ensemble, of the members that use it.
    gain : float or None
        Mean share of the error that goes with the column, among pairs of candidates that are
        the same but for their made columns. A pair that differs in several columns counts for
        each of them in equal parts. None without such a pair.
    lower, upper : float or None
        Interval of the gain over the folds, at 90 %; None if it is not known.
    n_pairs : int
        Number of such pairs.
    """

    formula: str
    gene: str
    n_candidates: int
    weight: float
    gain: float | None
    lower: float | None
    upper: float | None
    n_pairs: int


@dataclass(frozen=True)
class ResidualCorrelation(Tabular):
    """Correlation of the out-of-fold residuals of an ensemble's members.

    Residuals are predicted minus true values, or class probabilities. Members whose residuals
    are less correlated correct each other more.

    Attributes
    ----------
    candidates : tuple of int
        The candidates of the members.
    estimators : tuple of str
        Their types of estimators.
    weights : tuple of float
        Their weights in the ensemble.
    correlation : tuple of tuple of float
        A row per member; NaN for constant residuals.
    """

    candidates: tuple[int, ...]
    estimators: tuple[str, ...]
    weights: tuple[float, ...]
    correlation: tuple[tuple[float, ...], ...]

    @property
    def title(self) -> str:
        """Sentence above the table."""
        return "Weights of the ensemble's members and correlation of their residuals:"

    def columns(self) -> dict[str, list[Any]]:
        """Return the members with their weights and correlations."""
        columns: dict[str, list[Any]] = {
            "candidate": list(self.candidates),
            "estimator": list(self.estimators),
            "weight": list(self.weights),
        }
        for i, number in enumerate(self.candidates):
            columns[f"#{number}"] = [row[i] for row in self.correlation]
        return columns


@dataclass(frozen=True)
class LineageStep:
    """One ancestor of the best candidate, or the candidate itself.

    Attributes
    ----------
    candidate, generation : int
    fitness : float or None
        Its error; None if it has none.
    change : str
        The difference from its parent in words; for the first ancestor, its origin.
    gain : float or None
        Error of its parent minus its own: positive if it became better. None for the first.
    """

    candidate: int
    generation: int
    fitness: float | None
    change: str
    gain: float | None


@dataclass(frozen=True)
class Lineage(Tabular):
    """The way from the first ancestor to the best candidate.

    Of two parents, the one is followed whose error is lower.
    """

    steps: tuple[LineageStep, ...]

    @property
    def title(self) -> str:
        """Sentence with the number of steps and the gain of all of them."""
        errors = [step.fitness for step in self.steps if step.fitness is not None]
        if len(self.steps) == 1:
            return (
                f"The best candidate has no ancestors; its error is {error_text(errors[-1])}."
            )
        number = len(self.steps) - 1
        return (
            f"From candidate {self.steps[0].candidate} to candidate "
            f"{self.steps[-1].candidate} in {number} step{'s' if number > 1 else ''}, error "
            f"{error_text(errors[0])} to {error_text(errors[-1])}:"
        )

    def __str__(self) -> str:
        lines = [self.title]
        for step in self.steps:
            error = "no error" if step.fitness is None else f"error {error_text(step.fitness)}"
            lines.append(f"  candidate {step.candidate}: {error}{_gained(step)}; {step.change}")
        return "\n".join(lines)

    def columns(self) -> dict[str, list[Any]]:
        """Return the steps, the first ancestor first."""
        return {
            "candidate": [step.candidate for step in self.steps],
            "generation": [step.generation for step in self.steps],
            "fitness": [step.fitness for step in self.steps],
            "gain": [step.gain for step in self.steps],
            "change": [step.change for step in self.steps],
        }


def _gained(step: LineageStep) -> str:
    """Return the gain of a step as a share of the parent's error, in words."""
    if step.gain is None or step.fitness is None or not step.fitness + step.gain:
        return ""
    share = step.gain / abs(step.fitness + step.gain)
    return f" ({percent(abs(share))} {'better' if share >= 0 else 'worse'})"


@dataclass(frozen=True)
class Insights:
    """Summaries of a fitted model's errors, columns and origin; the attribute ``insights_``.

    A part that could not be made is None or empty, and `absent` has the reason.

    Attributes
    ----------
    errors : ResidualSummary, ClassificationSummary or None
        Out-of-fold errors of the model that predicts.
    segments : WorstSegments or None
        Where the out-of-fold error is highest.
    importances : Importances or None
        Root mean squared change of the predictions if the values of a column are exchanged
        among some training rows. ``feature_importances_`` has their squares, in sum 1.
    dependence : tuple of Dependence
        Of the four most important columns, from the same predictions.
    made_columns : tuple of MadeColumn
        Columns made by candidates, those of the largest weight in the ensemble first.
    residual_correlation : ResidualCorrelation or None
        Of the ensemble's members.
    lineage : Lineage or None
        Ancestors of the best single candidate.
    diagnosis : Diagnosis or None
        Doubts about the table, as `evolearn.diagnose` finds them.
    absent : dict of str to str
        Reasons for parts that there are not, by the name of the part.
    """

    errors: ResidualSummary | ClassificationSummary | None = None
    segments: WorstSegments | None = None
    importances: Importances | None = None
    dependence: tuple[Dependence, ...] = ()
    made_columns: tuple[MadeColumn, ...] = ()
    residual_correlation: ResidualCorrelation | None = None
    lineage: Lineage | None = None
    diagnosis: Diagnosis | None = None
    absent: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        parts = (self.errors, self.segments, self.importances, self.lineage, self.diagnosis)
        texts = [str(part) for part in parts if part is not None]
        texts += [f"No {name}: {reason}." for name, reason in self.absent.items()]
        return "\n\n".join(texts)

    def _repr_html_(self) -> str:
        parts = (self.errors, self.segments, self.importances, self.lineage, self.diagnosis)
        return "".join(part._repr_html_() for part in parts if part is not None)

    def json(self) -> dict[str, Any]:
        """Return everything as dictionaries, lists, numbers and texts, as JSON has them."""
        values: dict[str, Any] = _plain(asdict(self))
        if self.diagnosis is not None:
            values["diagnosis"] = self.diagnosis.as_dicts()
        return values


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    return [_plain(one) for one in value] if isinstance(value, tuple | list) else value
