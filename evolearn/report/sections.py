"""The first five sections of a report: how good the model is, its table, and its candidates."""

from collections.abc import Iterator, Mapping, Sequence
from pprint import pformat
from typing import Any

import numpy as np

from evolearn.data import n_rows
from evolearn.exceptions import CodeExportError
from evolearn.messages import plain, shown
from evolearn.pipeline.in_one_line import describe_pipeline
from evolearn.pipeline.registry import registered_genes
from evolearn.plots.estimate import EstimateDisplay
from evolearn.report.card import model_in_one_line
from evolearn.report.content import (
    Block,
    Code,
    Intervals,
    Notes,
    Section,
    Table,
    Text,
    Tiles,
    numbers,
)
from evolearn.results.numbers import (
    bytes_text,
    error_text,
    gain_text,
    milliseconds_text,
    percent,
)
from evolearn.results.outcomes import has_failed

# Candidates of the leaderboard that are listed, and those whose rows open: with these, the
# report of a long search stays below a megabyte.
MOST_CANDIDATES, MOST_OPENED = 500, 150
# Characters of the text of a pipeline.
MOST_CODE = 6000
# Columns from which on their table can be filtered.
MANY_COLUMNS = 20
# Doubts about the table that are warnings of the verdict.
SERIOUS = ("leak", "groups", "time order", "duplicates")
# Warnings of the verdict.
MOST_WARNINGS = 3
# Shares from which on a warning is given: of failed candidates, of the importance of one column
# (squared effects add up to 1), and the probability that a longer search would help.
MANY_FAILED, DOMINANT, WORTH_LONGER = 0.2, 0.9, 0.5


def verdict(model: Any, held_out: float) -> Section:
    """Return the section that says whether the model is good."""
    estimate = model.estimate_
    warned = list(_warnings(model))[:MOST_WARNINGS]
    notes = [Notes("Keep in mind", tuple(warned))] if warned else []
    blocks: list[Block] = [
        Text(f"{estimate.sentence().rstrip('.')}.", is_lead=True),
        Tiles((_error_tile(model, held_out), _baseline_tile(model), _cost_tile(model))),
        *notes,
    ]
    return Section("verdict", "Verdict", "Is it good, and may I use it?", tuple(blocks))


def _error_tile(model: Any, held_out: float) -> tuple[str, str, str]:
    estimate = model.estimate_
    name = f"Expected {estimate.error_name}"
    if estimate.reason:
        return name, "not known", estimate.reason
    low, high = map(error_text, estimate.interval())
    also = "" if np.isnan(held_out) else f"; {error_text(held_out)} on the held-out rows"
    return (
        name,
        error_text(estimate.corrected),
        f"{low} to {high} in {percent(estimate.coverage)} of cases{also}; lower is better",
    )


def _baseline_tile(model: Any) -> tuple[str, str, str]:
    baseline, error = model.baseline_fitness_, model.estimate_.corrected
    if np.isnan(baseline) or np.isnan(error):
        return "Against the baseline", "not known", "one of both errors is not known"
    if not 0 <= error < baseline:
        value = "better" if error < baseline else "no better"
    else:
        value = gain_text(error, baseline).removesuffix(" the baseline")
    return "Against the baseline", value, f"{error_text(baseline)} from the target alone"


def _cost_tile(model: Any) -> tuple[str, str, str]:
    return (
        "Prediction of a row",
        milliseconds_text(model.predict_ms_),
        f"the model has {bytes_text(model.model_bytes_)}",
    )


def _warnings(model: Any) -> Iterator[str]:
    """Yield what a user should know before using the model, the most serious first."""
    estimate, baseline = model.estimate_, model.baseline_fitness_
    if not estimate.reason and baseline <= estimate.upper:
        yield "The interval of the error holds the baseline: the model may know nothing."
    if model.stop_reason_ == "interrupted":
        yield "The fit was interrupted; the model is the best one until then."
    importance = getattr(model, "feature_importances_", np.zeros(0))
    if importance.size > 1 and importance.max() > DOMINANT:
        name = model.insights_.importances.columns_of_table[int(importance.argmax())]
        yield (
            f"Nearly all predictions follow from {shown(name)}: check that this column is "
            "known before the target is."
        )
    diagnosis = model.insights_.diagnosis
    for finding in diagnosis or ():
        if finding.kind in SERIOUS:
            columns = f" ({', '.join(finding.columns[:3])})" if finding.columns else ""
            yield f"{finding.kind.capitalize()}{columns}: {finding.found} {finding.advice}"
    if estimate.simpler is not None:
        yield estimate.simpler_sentence()
    status = model.cv_results_["status"]
    failed = sum(map(has_failed, status))
    if failed > MANY_FAILED * len(status):
        yield f"{failed} of {len(status)} candidates failed; the reasons are below."
    if model.would_longer_help().probability > WORTH_LONGER:
        yield str(model.would_longer_help())


def expected(model: Any, X_test: Any, y_test: Any) -> tuple[Section, float]:
    """Return the section about the error on new rows, and that on the held-out rows."""
    estimate = model.estimate_
    blocks: list[Block] = []
    held_out = np.nan
    if model.n_evaluations_:
        display = EstimateDisplay.from_estimator(model, X_test, y_test)
        held_out = float(display.held_out[-1])
        others = {"naive": numbers(display.naive), "held out": numbers(display.held_out)}
        known = {name: values for name, values in others.items() if not np.isnan(values).all()}
        blocks += [
            Intervals(
                title="Errors from the baseline to the model that predicts",
                label=estimate.error_name,
                rows=tuple(display.model),
                values=numbers(display.corrected),
                lower=numbers(display.lower),
                upper=numbers(display.upper),
                value_name="corrected",
                others=known,
            ),
            Table("", {name: list(column) for name, column in display._columns().items()}),
        ]
    else:
        blocks.append(Text("No candidate was evaluated, so there are no errors to compare."))
    blocks.append(Text(_on_the_naive_error(model)))
    if X_test is None:
        blocks.append(Text("No held-out rows were passed: model.report(X_test, y_test)."))
    else:
        blocks.append(Text(f"{n_rows(X_test)} held-out rows were passed."))
    question = "How good is it on new rows, and how sure is that?"
    return Section("expected", "Expected on new rows", question, tuple(blocks)), held_out


def _on_the_naive_error(model: Any) -> str:
    estimate = model.estimate_
    if estimate.reason:
        return f"There is no corrected error: {estimate.reason}."
    return (
        f"The naive error, {error_text(estimate.naive)}, is that of cross-validation on the "
        f"{estimate.n_rows} rows by which {estimate.n_candidates} candidates were compared; "
        f"the choice makes it too low, and the smaller number of training rows in each fold "
        f"makes it too high. The corrected one, {error_text(estimate.corrected)}, takes both "
        f"into account. The interval is for a test set of {estimate.n_new_rows} new rows."
    )


def table_of_columns(model: Any) -> Section:
    """Return the section about the columns of the table."""
    kinds, dropped = model.column_kinds_, model.dropped_columns_
    found = model.insights_.importances
    importance = (
        {}
        if found is None
        else dict(zip(found.columns_of_table, found.importance, strict=True))
    )
    columns: dict[str, list[Any]] = {
        "column": [str(name) for name in kinds],
        "kind": [str(kind) for kind in kinds.values()],
        "used": ["no" if name in dropped else "yes" for name in kinds],
    }
    if dropped:
        columns["why not"] = [str(dropped.get(name, "")) for name in kinds]
    profiles = model.table_profile_.columns  # none of a sparse table
    if profiles:
        columns["missing"] = [_share(one.n_missing, one.n_rows) for one in profiles]
    if any(one.n_unreadable for one in profiles):
        columns["unreadable"] = [_share(one.n_unreadable, one.n_rows) for one in profiles]
    if importance:
        columns["importance"] = [importance.get(str(name)) for name in kinds]
    overrides = pformat(
        {plain(name): str(kind).partition(" ")[0] for name, kind in kinds.items()},
        sort_dicts=False,
    )
    blocks: list[Block] = [
        Text(
            f"{model.table_profile_.n_rows} rows and {len(kinds)} columns were read; columns "
            f"that are not used: {len(dropped)}."
        ),
        Table(
            "",
            columns,
            shares=("missing", "unreadable"),
            is_searchable=len(kinds) > MANY_COLUMNS,
        ),
        Code("The kinds as a parameter, to change them", f"kinds={overrides}"),
        *_doubts(model),
    ]
    return Section("table", "The table", "Was the table read right?", tuple(blocks))


def _share(count: int, total: int) -> float | None:
    """Return a share of the rows that were profiled, None if none was."""
    return count / total if total else None


def _doubts(model: Any) -> list[Block]:
    """Return the findings about the table, or the reason why there are none."""
    insights = model.insights_
    if insights.diagnosis is None:
        reason = insights.absent.get("diagnosis", insights.absent.get("all", ""))
        return [Text(f"The table was not looked at for doubts: {reason}.")]
    if not insights.diagnosis:
        return [Text(insights.diagnosis.title)]
    return [Table("Doubts about the table", insights.diagnosis.columns())]


def members(model: Any) -> Section:
    """Return the section about the model that predicts."""
    board = model.leaderboard_
    weights = board["ensemble_weight"]
    chosen = [int(i) for i in np.argsort(-weights, kind="stable") if weights[i] > 0]
    blocks: list[Block] = [Text(f"{model_in_one_line(model)}.", is_lead=True)]
    if chosen:
        blocks.append(
            Table(
                "Members and their weights",
                {
                    "weight": [float(weights[i]) for i in chosen],
                    "error": [float(board["fitness"][i]) for i in chosen],
                    "pipeline": [short_pipeline(model, board["params"][i]) for i in chosen],
                    "candidate": [int(board["candidate"][i]) for i in chosen],
                },
                details=tuple(
                    details_of(board["pipeline"][i], board["params"][i]) for i in chosen
                ),
                opens="pipeline",
                shares=("weight",),
            )
        )
    if model.stacking_weights_:
        names, values = zip(*model.stacking_weights_.items(), strict=True)
        layer = {"model": list(names), "weight": list(values)}
        blocks.append(Table("Stacking layer", layer, shares=("weight",)))
    correlation = model.insights_.residual_correlation
    if correlation is not None and len(correlation.candidates) > 1:
        blocks.append(_correlation(correlation))
    text = model.best_estimator_.__repr__(N_CHAR_MAX=MOST_CODE)
    blocks.append(Code("The best single model, best_estimator_", text))
    blocks.append(_script(model))
    return Section("model", "The model", "Which models predict?", tuple(blocks))


def _script(model: Any) -> Block:
    """Return the script of the best single model, or the reason why there is none."""
    if not hasattr(model, "_candidate_fitter"):
        return Text("This model was loaded from a file; to_code needs the one that was saved.")
    try:
        script = model.to_code("best", verify=False)
    except CodeExportError as error:
        return Text(f"The best single model has no script: {error}")
    return Code("The same as a script without evolearn: model.to_code('best')", script)


def _correlation(correlation: Any) -> Table:
    rows = correlation.columns()
    del rows["weight"]
    rows["candidate"] = list(map(str, rows["candidate"]))  # no number to shade
    title = "Correlation of the residuals: members that differ correct each other"
    return Table(title, rows, is_shaded=True)


def candidates(model: Any) -> Section:
    """Return the section with the leaderboard."""
    board, results = model.leaderboard_, model.cv_results_
    rows = range(min(board.n_rows, MOST_CANDIDATES))
    places = {int(number): i for i, number in enumerate(results["candidate"])}
    folds = sorted(
        (name for name in results if name.startswith("split") and "_test_" in name),
        key=lambda name: int(name.removeprefix("split").partition("_")[0]),
    )
    details = [
        ""
        if int(board["candidate"][i]) < 0 or n >= MOST_OPENED
        else f"{_origin(results, places[int(board['candidate'][i])], folds)}\n"
        f"{details_of(board['pipeline'][i], board['params'][i])}"
        for n, i in enumerate(rows)
    ]
    columns: dict[str, list[Any]] = {
        "rank": [_known(board["rank"][i]) for i in rows],
        "error": [float(board["fitness"][i]) for i in rows],
        "pipeline": [
            board["pipeline"][i]
            if int(board["candidate"][i]) < 0
            else short_pipeline(model, board["params"][i])
            for i in rows
        ],
        "weight": [float(board["ensemble_weight"][i]) or None for i in rows],
        "candidate": [_known(board["candidate"][i]) for i in rows],
        "std": [float(board["std"][i]) for i in rows],
        "fit s": [float(board["fit_seconds"][i]) for i in rows],
    }
    more = board.n_rows - len(rows)
    blocks: list[Block] = [
        Table(
            "",
            columns,
            tuple(details),
            opens="pipeline",
            shares=("weight",),
            is_searchable=True,
        )
    ]
    if more:
        blocks.append(Text(f"{more} more candidates are in model.leaderboard_."))
    return Section("leaderboard", "Leaderboard", "Which others were near?", tuple(blocks))


def _known(number: Any) -> int | None:
    return None if number < 0 else int(number)


def _origin(results: Mapping[str, Any], i: int, folds: Sequence[str]) -> str:
    """Return scores of the folds and origin of a candidate as lines."""
    scores = ", ".join(error_text(float(results[name][i])) for name in folds)
    parents = ", ".join(map(str, results["parents"][i])) or "none"
    return (
        f"script: model.to_code({results['candidate'][i]})\n"
        f"scores of the folds: {scores}\n"
        f"origin: {results['origin'][i]}; parents: {parents}; "
        f"generation {results['generation'][i]}"
    )


def short_pipeline(model: Any, params: Mapping[str, Any]) -> str:
    """Return the steps of a pipeline without the values of parameters."""
    # A model that was loaded from a file has no search space.
    space = getattr(model, "search_space_", None)
    genes = registered_genes() if space is None else space.genes
    return describe_pipeline(params, genes, details=False)


def details_of(pipeline: str, params: Mapping[str, Any]) -> str:
    """Return the pipeline in one line, and its parameters as a dictionary."""
    values = {name: plain(value) for name, value in params.items()}
    return f"{pipeline}\n{pformat(values, sort_dicts=False)}"
