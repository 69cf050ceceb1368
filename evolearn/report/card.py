"""Summary of an estimator in a few lines, and its card in a notebook."""

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from sklearn.utils import estimator_html_repr

from evolearn.pipeline.in_one_line import describe_pipeline
from evolearn.report.live.html import STYLE
from evolearn.report.live.view import REASONS
from evolearn.results.numbers import (
    bytes_text,
    count_text,
    error_text,
    gain_text,
    milliseconds_text,
    percent,
    seconds_text,
)
from evolearn.results.outcomes import has_failed

# Columns and candidates that are named.
MOST_COLUMNS, MOST_CANDIDATES = 5, 5
# Longest text of a pipeline in the card: about a line.
MOST_CHARACTERS = 90
NEXT = (
    "model.leaderboard_, model.importances(X_test, y_test), model.why_not('svm'), "
    "model.select(interpretable=True), model.report(X_test, y_test).write_html('report.html')"
)


def summary_of(model: Any) -> list[str]:
    """Return at most ten lines about a fitted model, the expected error first."""
    return [f"{type(model).__name__}: {model.estimate_.sentence()}", *_details(model)]


def _details(model: Any) -> Iterator[str]:
    estimate = model.estimate_
    yield from _errors(model)
    if estimate.simpler is not None:
        yield estimate.simpler_sentence()
    yield f"Model: {model_in_one_line(model)}"
    seconds = float(model.cv_results_["end_seconds"].max(initial=0.0))
    n_failed = sum(map(has_failed, model.cv_results_["status"]))
    reason = REASONS.get(model.stop_reason_, model.stop_reason_)
    yield (
        f"Search: {count_text(model.n_evaluations_, 'candidate')} ({n_failed} failed) in "
        f"{seconds_text(seconds)}; it ended because {reason}"
    )
    yield f"Longer: {model.would_longer_help()}"
    importances = model.insights_.importances
    if importances is not None:
        names = [importances.columns_of_table[j] for j in importances.order[:MOST_COLUMNS]]
        yield f"Most important columns: {', '.join(names)}"
    if model.dropped_columns_:
        dropped = list(model.dropped_columns_)
        more = f" and {len(dropped) - MOST_COLUMNS} more" if len(dropped) > MOST_COLUMNS else ""
        yield f"Left out: {', '.join(dropped[:MOST_COLUMNS])}{more}; see dropped_columns_"
    yield f"Next: {NEXT}"


def _errors(model: Any) -> Iterator[str]:
    """Yield the naive error and the baseline's, in one line, if there are any."""
    naive, baseline = model.ensemble_fitness_, model.baseline_fitness_
    if naive == naive:
        gain = gain_text(naive, baseline) if baseline == baseline else ""
        against = f", {gain} ({error_text(baseline)})" if gain else ""
        yield (
            f"Error: {model.estimate_.error_name}, lower is better; naive "
            f"{error_text(naive)}{against}"
        )


def model_in_one_line(model: Any) -> str:
    """Return the members with the highest weights in one line."""
    board = model.leaderboard_
    weights = board["ensemble_weight"]
    members = [i for i in (-weights).argsort(kind="stable") if weights[i] > 0]
    if not members:
        return "the target alone"
    shown = [
        f"{board['pipeline'][i].rpartition(' -> ')[2].partition('(')[0]} {percent(weights[i])}"
        for i in members[:MOST_COLUMNS]
    ]
    more = f" and {len(members) - MOST_COLUMNS} more" if len(members) > MOST_COLUMNS else ""
    layer = ", with a stacking layer" if model.stacking_weights_ else ""
    cost = f"{bytes_text(model.model_bytes_)}, {milliseconds_text(model.predict_ms_)} for a row"
    return f"{', '.join(shown)}{more}{layer}; {cost}"


def estimator_card(model: Any) -> str:
    """Return the card of an estimator, with scikit-learn's diagram folded below."""
    name = type(model).__name__
    diagram = estimator_html_repr(model)
    if not hasattr(model, "estimator_"):
        lines = "Not fitted yet: call fit(X, y)."
        return _card(f"{name}", f"<p>{lines}</p>", diagram)
    title, *details = summary_of(model)
    rows = "".join(f"<li>{escape(line)}</li>" for line in details)
    board = model.leaderboard_
    best = "".join(
        f"<tr><td>{error_text(board['fitness'][i])}</td><td style='text-align:left'>"
        f"{escape(_short(board['pipeline'][i], board['params'][i]))}</td></tr>"
        for i in [i for i in range(board.n_rows) if board["rank"][i] > 0][:MOST_CANDIDATES]
    )
    table = (
        "<table style='font-size:13px'><thead><tr><th style='white-space:nowrap'>fitness</th>"
        f"<th style='text-align:left'>best candidates</th></tr></thead><tbody>{best}</tbody>"
        "</table>"
    )
    body = f"<ul style='margin:4px 0;padding-left:18px'>{rows}</ul>{table if best else ''}"
    return _card(title, body, diagram)


def _short(pipeline: str, params: Mapping[str, Any]) -> str:
    """Return a pipeline in one line, a long one without the values of parameters."""
    is_long = len(pipeline) > MOST_CHARACTERS
    return describe_pipeline(params, details=False) if is_long else pipeline


def _card(title: str, body: str, diagram: str) -> str:
    return (
        f'<div style="{STYLE}"><b>{escape(title)}</b>{body}'
        f"<details><summary>Parameters and steps</summary>{diagram}</details></div>"
    )
