"""The other sections of a report: errors, columns, the search, failures, and use."""

import hashlib
import json
import platform
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import sklearn

from evolearn._version import __version__
from evolearn.plots.families import FamiliesDisplay
from evolearn.plots.pareto import ParetoDisplay
from evolearn.plots.search_progress import SearchProgressDisplay
from evolearn.report.content import (
    Bars,
    Block,
    Code,
    Intervals,
    Plane,
    Section,
    Series,
    Table,
    Text,
    numbers,
)
from evolearn.report.live.view import REASONS
from evolearn.report.sections import details_of, short_pipeline
from evolearn.results.error_summaries import ClassificationSummary, ResidualSummary
from evolearn.results.insights import Dependence, Importances
from evolearn.results.numbers import error_text, seconds_text

# Columns whose importance is drawn, and formulas that are listed.
MOST_COLUMNS, MOST_FORMULAS = 15, 15
# Rows of lists of failures.
MOST_REASONS = 40
# Characters of the call of the estimator.
MOST_CALL = 3000
SAVE = """import evolearn

model.save("model.evolearn")  # needs the extra "save"
model = evolearn.load("model.evolearn")
model.predict(X_new)"""


def errors(model: Any) -> Section:
    """Return the section about the errors of single rows, out of fold."""
    insights = model.insights_
    blocks: list[Block] = []
    if insights.errors is None:
        blocks.append(Text(_absent(model, "errors")))
    else:
        blocks.append(Text(insights.errors.title))
        drawn = _residuals if isinstance(insights.errors, ResidualSummary) else _classes
        blocks += drawn(insights.errors)
    worst = insights.segments
    if worst is None:
        blocks.append(Text(_absent(model, "segments")))
    elif not worst.segments:
        blocks.append(Text(worst.title))
    else:
        blocks.append(
            Intervals(
                title=worst.title.rstrip(":"),
                label=worst.error_name,
                rows=tuple(f"{one} ({one.n_rows} rows)" for one in worst.segments),
                values=numbers([one.error for one in worst.segments]),
                lower=numbers([one.lower for one in worst.segments]),
                upper=numbers([one.upper for one in worst.segments]),
                value_name="mean error",
            )
        )
        blocks.append(Table("", worst.columns()))
    return Section("errors", "Where it errs", "On which rows is it wrong?", tuple(blocks))


def _residuals(summary: ResidualSummary) -> list[Block]:
    shares = sorted(summary.quantiles)
    series = [
        Series(f"{share:.0%} quantile", summary.predicted, summary.quantiles[share], "line")
        for share in shares
        if share in (shares[0], shares[-1])
    ]
    middle = summary.quantiles[shares[len(shares) // 2]]
    texts = tuple(f"{count} rows, median residual" for count in summary.count)
    series.append(Series("median", summary.predicted, middle, "strong", texts))
    centres = [(a + b) / 2 for a, b in zip(summary.edges, summary.edges[1:], strict=False)]
    return [
        Plane(
            title="Residuals (true minus predicted) by the prediction",
            x_label="prediction",
            y_label="residual",
            series=tuple(series),
            levels={"no error": 0.0},
        ),
        Bars(
            title="Distribution of the residuals",
            label="rows",
            rows=tuple(error_text(centre) for centre in centres),
            values=numbers(summary.bars),
        ),
    ]


def _classes(summary: ClassificationSummary) -> list[Block]:
    meant = summary.calibrated_class
    of = f" of {meant}" if meant else " of the predicted class"
    texts = tuple(f"{count} rows" for count in summary.count)
    return [
        Plane(
            title=f"Calibration: predicted probability and frequency{of}",
            x_label="predicted probability",
            y_label="frequency",
            series=(Series("bins", summary.probability, summary.frequency, "strong", texts),),
            has_diagonal=True,
        ),
        Table("Confusion: rows by true and predicted class", summary.columns(), is_shaded=True),
    ]


def columns(model: Any, held_out: Importances | None) -> Section:
    """Return the section about the importance of the columns."""
    insights = model.insights_
    found = held_out or insights.importances
    blocks: list[Block] = (
        [Text(_absent(model, "importances"))] if found is None else list(_importances(found))
    )
    blocks += [_dependence(one) for one in insights.dependence]
    if insights.made_columns:
        made = insights.made_columns[:MOST_FORMULAS]
        blocks.append(
            Table(
                "Columns that pipelines made, and the share of the error that goes with them",
                {
                    "formula": [one.formula for one in made],
                    "gene": [one.gene for one in made],
                    "weight": [one.weight for one in made],
                    "gain": [one.gain for one in made],
                    "lower": [one.lower for one in made],
                    "upper": [one.upper for one in made],
                    "pairs": [one.n_pairs for one in made],
                },
                shares=("weight", "gain", "lower", "upper"),
            )
        )
    else:
        blocks.append(Text("No scored pipeline made columns of its own."))
    return Section("columns", "What matters", "Which columns matter, and how?", tuple(blocks))


def _importances(found: Importances) -> Iterator[Block]:
    order = found.order[:MOST_COLUMNS]
    more = len(found.columns_of_table) - len(order)
    yield Intervals(
        title="Importance of the columns"
        + (f", the first {len(order)} of {len(order) + more}" if more else ""),
        label="importance",
        rows=tuple(found.columns_of_table[j] for j in order),
        values=tuple(found.importance[j] for j in order),
        lower=tuple(found.lower[j] for j in order),
        upper=tuple(found.upper[j] for j in order),
        value_name="importance",
    )
    yield Text(found.title)


def _dependence(one: Dependence) -> Block:
    of_class = "" if one.outcome == "prediction" else "probability of "
    title = f"{of_class}{one.outcome} by {one.column}"
    if any(isinstance(point, str) for point in one.points):
        shown: dict[str, list[Any]] = {
            one.column: list(map(str, one.points)),
            "change": list(one.effect),
        }
        return Table(f"Change of the {title}", shown)
    texts = tuple(f"{count} comparisons" for count in one.count)
    # Rounded, for they are values of the table.
    points = tuple(float(error_text(point)) for point in numbers(one.points))
    series = Series("change", points, one.effect, "strong", texts)
    return Plane(f"Change of the {title}", one.column, "change", (series,), {"mean": 0.0})


def search(model: Any) -> Section:
    """Return the section about the course of the search."""
    blocks: list[Block] = []
    if model.n_evaluations_:
        blocks += [Text(str(model.would_longer_help()), is_lead=True), _progress(model)]
        families = FamiliesDisplay.from_estimator(model)
        shown = {name: list(column) for name, column in families._columns().items()}
        named = {name.replace("_", " "): column for name, column in shown.items()}
        blocks.append(Table("Types of estimators, the best first", named))
    else:
        blocks.append(Text("No candidate was evaluated."))
    lineage = model.insights_.lineage
    if lineage is None:
        blocks.append(Text(_absent(model, "lineage")))
    else:
        told = lineage.columns()
        order = ("fitness", "change", "gain", "candidate", "generation")
        title = f"Lineage of the best. {lineage.title}"
        blocks.append(Table(title, {name: told[name] for name in order}))
    question = "Was the time well spent, and would longer help?"
    return Section("search", "The search", question, tuple(blocks))


def _progress(model: Any) -> Plane:
    display = SearchProgressDisplay.from_estimator(model)
    return progress(
        display.position,
        display.error,
        {"baseline": display.baseline_error, "ensemble": display.ensemble_error},
        display.metric,
    )


def progress(seconds: Any, error: Any, levels: Mapping[str, float], metric: str) -> Plane:
    """Return the errors of candidates over time, and the best so far."""
    known = np.isfinite(error)
    best = np.fmin.accumulate(error) if len(error) else error
    begun = np.isfinite(best)
    return Plane(
        title="Error of each candidate over time",
        x_label="seconds since the start of fit",
        y_label=f"error ({metric})" if metric else "error",
        series=(
            Series("candidate", numbers(seconds[known]), numbers(error[known])),
            Series("best so far", numbers(seconds[begun]), numbers(best[begun]), "steps"),
        ),
        levels={name: value for name, value in levels.items() if np.isfinite(value)},
        is_of_errors=True,
    )


def trade_offs(model: Any) -> Section:
    """Return the section about simpler and faster candidates."""
    blocks: list[Block] = []
    if np.isfinite(model.cv_results_["fitness"]).any():
        display = ParetoDisplay.from_estimator(model)
        blocks.append(pareto(display))
        front = model.pareto_front_
        blocks.append(
            Table(
                "No candidate beats these in both",
                {
                    "error": front["fitness"].tolist(),
                    "complexity": front["complexity"].tolist(),
                    "pipeline": [short_pipeline(model, one) for one in front["params"]],
                    "candidate": front["candidate"].tolist(),
                },
                details=tuple(
                    details_of(whole, params)
                    for whole, params in zip(front["pipeline"], front["params"], strict=True)
                ),
                opens="pipeline",
            )
        )
    else:
        blocks.append(Text("No candidate has an error, so there is nothing to weigh."))
    question = "Is there a simpler or a faster model that is nearly as good?"
    return Section("trade_offs", "Trade-offs", question, tuple(blocks))


def pareto(display: ParetoDisplay) -> Plane:
    """Return errors over costs, with the candidates that none beats in both."""
    front = np.flatnonzero(display.on_front)
    front = front[np.argsort(display.cost[front], kind="stable")]
    texts = [
        f"candidate {number}, {name}"
        for number, name in zip(display.candidate, display.estimator_type, strict=True)
    ]
    return Plane(
        title=f"Error and {display.x.replace('_', ' ')}",
        x_label=display.x.replace("_", " "),
        y_label=f"error ({display.metric})" if display.metric else "error",
        series=(
            Series("candidate", numbers(display.cost), numbers(display.error), "points"),
            Series(
                "front",
                numbers(display.cost[front]),
                numbers(display.error[front]),
                "strong",
                tuple(texts[i] for i in front),
            ),
        ),
        is_of_errors=True,
    )


def failures(model: Any) -> Section:
    """Return the section about failures and about what was left out, grouped by reason."""
    explanation = model.explain_search()
    left_out: dict[str, list[str]] = {}
    for part in explanation.parts:
        if part.absent:
            left_out.setdefault(part.absent, []).append(part.name)
    failed = [
        (part.name, count, reason)
        for part in explanation.parts
        if part.is_estimator
        for reason, count in part.failures
    ]
    blocks = failed_blocks(failed)
    slow = [part for part in explanation.parts if part.is_estimator and part.n_slow]
    if slow:
        names = ", ".join(f"{part.name} ({part.n_slow})" for part in slow)
        blocks.append(Text(f"Given up as too slow for the time there was: {names}."))
    if left_out:
        content: dict[str, list[Any]] = {
            "reason": list(left_out),
            "left out": [", ".join(names) for names in left_out.values()],
        }
        blocks.append(Table("Left out of the search", content))
    else:
        blocks.append(Text("Nothing was left out of the search."))
    question = "What was not tried, and what went wrong?"
    return Section("failures", "What failed or was left out", question, tuple(blocks))


def failed_blocks(failed: list[tuple[str, int, str]]) -> list[Block]:
    """Return the failures of estimators, the most frequent first."""
    if not failed:
        return [Text("No candidate failed.")]
    ordered = sorted(failed, key=lambda one: -one[1])[:MOST_REASONS]
    names, counts, reasons = (list(column) for column in zip(*ordered, strict=True))
    number = sum(count for _, count, _ in failed)
    title = f"{number} candidate{'s'[: number != 1]} failed"
    return [Table(title, {"estimator": names, "times": counts, "reason": reasons})]


def use(model: Any) -> Section:
    """Return the section about repeating the fit and using the model."""
    results = model.cv_results_
    reason = REASONS.get(model.stop_reason_, model.stop_reason_)
    seconds = float(np.max(results["end_seconds"], initial=0.0))
    facts = {
        "evolearn": __version__,
        "scikit-learn": sklearn.__version__,
        "NumPy": np.__version__,
        "Python": platform.python_version(),
        "seed": str(model.random_state),
        "metric": model.metric_name_,
        "search": f"{model.n_evaluations_} candidates in {seconds_text(seconds)}",
        "ended because": reason,
        "journal": "none" if model.journal is None else str(model.journal),
        "digest of the search": _digest(results),
    }
    blocks: list[Block] = [
        Code("The call", model.__repr__(N_CHAR_MAX=MOST_CALL), is_open=True),
        Table("", {"fact": list(facts), "value": list(facts.values())}),
        Text(
            "Two searches with the same digest have evaluated the same candidates, with the "
            "same errors."
        ),
        Code("Save and load", SAVE),
        Code("Text for a model card", _model_card(model)),
    ]
    question = "How is it repeated, saved and described?"
    return Section("use", "Reproduce and deploy", question, tuple(blocks))


def _digest(results: Mapping[str, Any]) -> str:
    """Return a digest of the candidates and their errors, whatever the order of their ends."""
    rows = sorted(
        zip(results["candidate"].tolist(), results["fitness"].tolist(), strict=True),
        key=lambda row: row[0],
    )
    params = dict(zip(results["candidate"].tolist(), map(str, results["params"]), strict=True))
    text = json.dumps([[number, repr(error), params[number]] for number, error in rows])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


def _model_card(model: Any) -> str:
    found = model.insights_.importances
    top = (
        "not known"
        if found is None
        else ", ".join(found.columns_of_table[j] for j in found.order[:5])
    )
    worst = model.insights_.segments
    segments = "" if worst is None else "; ".join(map(str, worst.segments))
    return "\n".join(
        (
            f"Model: {type(model).__name__} of evolearn {__version__}",
            f"Inputs: {model.n_features_in_} columns; most important: {top}",
            f"Error: {model.estimate_.sentence()}; {model.estimate_.error_name}",
            f"Weaknesses: {segments or 'no segment that is clearly worse'}",
            "Intended use: ",
        )
    )


def _absent(model: Any, part: str) -> str:
    """Return the sentence that says why a part of the insights is not there."""
    reasons = model.insights_.absent
    reason = reasons.get(part) or reasons.get("all") or "it was not made at the end of fit"
    return f"No {part.replace('_', ' ')}: {reason}."
