"""Results of a search as dictionaries of arrays: cv_results_, leaderboard, history.

All functions take one `Row` per candidate, in the order in which evaluations ended. pandas
turns the returned dictionaries into frames, but is not needed.
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, TypedDict

import numpy as np
from numpy.ma import MaskedArray
from numpy.typing import NDArray

from evolearn.results.outcomes import has_failed
from evolearn.results.result_table import (
    History,
    Leaderboard,
    ParetoFront,
    array_of_objects,
    columns_of_plain,
    plain_columns,
)


class Row(TypedDict):
    """One evaluated candidate.

    `number` counts candidates in the order in which they were proposed; `parents` and
    `inherits` refer to it.
    """

    number: int
    generation: int
    origin: str
    parents: tuple[int, ...]
    inherits: int | None
    params: Mapping[str, Any]
    pipeline: str
    complexity: float
    scores: Sequence[float]
    fitness: float | None
    fit_seconds: Sequence[float]
    score_seconds: Sequence[float]
    status: str
    failure: str
    warnings: Sequence[str]
    metrics: Mapping[str, Sequence[float]]
    start_seconds: float
    end_seconds: float
    worker: int


Table = dict[str, Any]

#: Columns of the leaderboard with their types.
LEADERBOARD: dict[str, type] = {
    "rank": int,
    "candidate": int,
    "estimator": object,
    "fitness": float,
    "std": float,
    "ensemble_weight": float,
    "complexity": float,
    "generation": int,
    "fit_seconds": float,
    "pipeline": object,
}


def cv_results(rows: Sequence[Row], n_folds: int) -> Table:
    """Tabulate the candidates in the layout of ``GridSearchCV.cv_results_``.

    Scores have the scorer's own sign, folds that were not run are NaN. The docstrings of the
    estimators explain the columns that ``GridSearchCV`` does not have.
    """
    table: Table = {}
    for name, seconds in (("fit", "fit_seconds"), ("score", "score_seconds")):
        times = [np.asarray(row[seconds], np.float64) for row in rows]  # type: ignore[literal-required]
        table[f"mean_{name}_time"] = np.array([t.mean() if t.size else np.nan for t in times])
        table[f"std_{name}_time"] = np.array([t.std() if t.size else np.nan for t in times])
    table["params"] = [dict(row["params"]) for row in rows]
    table |= _param_columns(table["params"])
    _add_scores(table, "score", [row["scores"] for row in rows], rows, n_folds)
    table["rank_test_score"] = _ranks(fitness_of(rows))
    for name in dict.fromkeys(name for row in rows for name in row["metrics"]):
        scores = [row["metrics"].get(name, ()) for row in rows]
        _add_scores(table, name, scores, rows, n_folds)
        table[f"rank_test_{name}"] = _ranks(-table[f"mean_test_{name}"])
    table["fitness"] = fitness_of(rows)
    table["candidate"] = np.array([row["number"] for row in rows], dtype=int)
    for name in ("complexity", "generation", "start_seconds", "end_seconds", "worker"):
        table[name] = np.array([row[name] for row in rows])  # type: ignore[literal-required]
    for name in ("origin", "parents", "inherits", "status", "failure", "warnings"):
        table[name] = array_of_objects([row[name] for row in rows])  # type: ignore[literal-required]
    return table


def plain_cv_results(table: Mapping[str, Any]) -> Table:
    """Return ``cv_results_`` as built-in types and arrays, for files of other libraries.

    The columns of single parameters are left out, for ``params`` has all of them.
    """
    return plain_columns({n: c for n, c in table.items() if not n.startswith("param_")})


def cv_results_of_plain(plain: Mapping[str, Any]) -> Table:
    """Return the table that `plain_cv_results` has made plain."""
    params = plain["params"]
    whole = columns_of_plain({n: c for n, c in plain.items() if n != "params"})
    table: Table = {}
    for name in plain:
        if name == "params":
            table |= {"params": params, **_param_columns(params)}
        else:
            table[name] = whole[name]
    return table


def _add_scores(
    table: Table,
    name: str,
    scores_of_rows: Sequence[Sequence[float]],
    rows: Sequence[Row],
    n_folds: int,
) -> None:
    """Add the columns of one metric to a table of results: folds, mean and deviation."""
    scores = np.full((len(rows), n_folds), np.nan)
    for i, of_row in enumerate(scores_of_rows):
        scores[i, : len(of_row)] = of_row
    for fold in range(n_folds):
        table[f"split{fold}_test_{name}"] = scores[:, fold]
    # The mean of the folds that a failed candidate completed is no score.
    scored = np.array([row["fitness"] is not None for row in rows], dtype=bool)
    table[f"mean_test_{name}"] = np.where(scored, scores.mean(axis=1), np.nan)
    table[f"std_test_{name}"] = np.where(scored, scores.std(axis=1), np.nan)


class Comparison(NamedTuple):
    """A model that is no candidate, in the leaderboard."""

    name: str
    fitness: float
    pipeline: str


def leaderboard(
    rows: Sequence[Row],
    weights: Mapping[int, float],
    metric: str,
    others: Sequence[Comparison] = (),
) -> Leaderboard:
    """Tabulate the scored candidates and other models, best first.

    `weights` are those in the ensemble. Other models have neither a rank nor a number: -1.
    """
    scored = sorted(
        (row for row in rows if row["fitness"] is not None),
        key=lambda row: (row["fitness"], row["number"]),
    )
    entries = [_compared(other) for other in others]
    entries += [_ranked(rank, row, weights) for rank, row in enumerate(scored, 1)]
    entries.sort(key=lambda entry: entry["fitness"])
    columns: Table = {
        name: np.array([entry[name] for entry in entries], dtype=dtype)
        for name, dtype in LEADERBOARD.items()
    }
    return Leaderboard(columns, metric, [entry["params"] for entry in entries])


def _compared(other: Comparison) -> dict[str, Any]:
    """Return the entry of a model that is no candidate."""
    unknown = dict.fromkeys(("std", "complexity", "fit_seconds"), np.nan)
    absent = dict.fromkeys(("rank", "candidate", "generation"), -1)
    return {
        **unknown,
        **absent,
        "estimator": other.name,
        "fitness": other.fitness,
        "ensemble_weight": 0.0,
        "pipeline": other.pipeline,
        "params": {},
    }


def _ranked(rank: int, row: Row, weights: Mapping[int, float]) -> dict[str, Any]:
    """Return the entry of a scored candidate."""
    return {
        "rank": rank,
        "candidate": row["number"],
        "estimator": row["params"]["estimator"],
        "fitness": row["fitness"],
        "std": np.std(row["scores"]),
        "ensemble_weight": weights.get(row["number"], 0.0),
        "complexity": row["complexity"],
        "generation": row["generation"],
        "fit_seconds": np.mean(row["fit_seconds"]),
        "pipeline": row["pipeline"],
        "params": dict(row["params"]),
    }


def pareto_front(rows: Sequence[Row], numbers: Sequence[int], metric: str) -> ParetoFront:
    """Tabulate the candidates with these numbers."""
    by_number = {row["number"]: row for row in rows}
    chosen = [by_number[number] for number in numbers]
    columns = {
        "candidate": np.array([row["number"] for row in chosen], dtype=int),
        "estimator": array_of_objects([row["params"]["estimator"] for row in chosen]),
        "fitness": fitness_of(chosen),
        "complexity": np.array([row["complexity"] for row in chosen], dtype=float),
        "pipeline": array_of_objects([row["pipeline"] for row in chosen]),
    }
    return ParetoFront(columns, metric, [dict(row["params"]) for row in chosen])


def history(rows: Sequence[Row], population_size: int, metric: str) -> History:
    """Tabulate the generations, the last of which may be incomplete.

    Candidates are grouped in the order in which their evaluations ended. With a time budget
    that may differ from the order of proposal, so that a candidate's own ``generation`` may be
    another one. Apart from the elapsed seconds, the same seed gives the same history.
    """
    groups = [rows[i : i + population_size] for i in range(0, len(rows), population_size)]
    fitness = [fitness_of(group) for group in groups]
    best = np.array([np.fmin.reduce(f) for f in fitness], dtype=float)
    columns = {
        "generation": np.arange(len(groups)),
        "elapsed_seconds": np.maximum.accumulate(
            np.array(
                [max(row["end_seconds"] for row in group) for group in groups], dtype=float
            )
        ),
        "n_evaluations": np.cumsum([len(group) for group in groups], dtype=int),
        "n_failed": np.array(
            [sum(has_failed(row["status"]) for row in group) for group in groups]
        ),
        "best_fitness": np.fmin.accumulate(best),
        "generation_best": best,
        "generation_median": np.array(
            [np.nanmedian(f) if not np.isnan(f).all() else np.nan for f in fitness]
        ),
        "mean_complexity": np.array(
            [float(np.mean([r["complexity"] for r in group])) for group in groups]
        ),
    }
    return History(columns, metric)


def fitness_of(rows: Sequence[Row]) -> NDArray[np.float64]:
    """Return the fitness of each row, NaN for failed candidates."""
    return np.array([row["fitness"] for row in rows], dtype=float)  # None becomes NaN


def _param_columns(params: Sequence[Mapping[str, Any]]) -> Table:
    """Return a column of each parameter, masked for candidates without it."""
    table: Table = {}
    # The column exists even without any candidate: each would have an estimator.
    for name in sorted({"estimator"}.union(*params)):
        values = array_of_objects([one.get(name) for one in params])
        table[f"param_{name}"] = MaskedArray(values, mask=[name not in one for one in params])
    return table


def _ranks(fitness: NDArray[np.float64]) -> NDArray[np.int32]:
    """Return ranks from 1; equal candidates share the lowest, failed ones come last."""
    comparable = np.where(np.isnan(fitness), np.inf, fitness)
    return np.array([1 + int((comparable < f).sum()) for f in comparable], dtype=np.int32)
