"""Estimation of the error on new rows, from out-of-fold predictions that are there already.

The cross-validated error of the model that predicts is lowered by the choice of its candidates,
weights and stacking layer, which used the rows on which it is measured. The choice is
therefore repeated on parts of the rows, and measured on the others (cross-fitting): no model is
trained for it. Bootstrap bias corrected cross-validation does the same with bootstrap samples
(Tsamardinos, Greasidou and Borboudakis, Machine Learning 2018; Paraschakis et al., arXiv
2406.08099); parts of the rows need five selections of an ensemble where the bootstrap needs
hundreds.

Two gaps are filled by the errors of the folds, which every scored candidate has. Only the best
candidates' predictions are kept: the optimism of that choice is measured by choosing them by
all folds but one. Candidates given up by racing have no error in some folds; they were far
behind, and are left out as they were in the search.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from evolearn.ensemble.final_models import FinalModels
from evolearn.ensemble.library import Entry
from evolearn.ensemble.selection import OutOfFold, select
from evolearn.evaluation.folds import Folds
from evolearn.evaluation.tasks import Evaluation
from evolearn.execution.process_settings import quiet_process
from evolearn.execution.serialization import describe
from evolearn.tasks.predictions import Floats, Indices

# Parts of the rows, each of whole folds where there are several.
N_PARTS = 5
# Steps of each selection: the first ones matter most. A scorer that is no metric on arrays
# takes a hundred times as long.
STEPS, SLOW_STEPS = 10, 5
# The most rows, and numbers in them, by which the choice is repeated. What the choice gains by
# chance falls with the number of rows; on more of them it is nothing beside the standard error.
MOST_ROWS, MOST_NUMBERS = 4_000, 20_000
# A learning curve falls as a power of the number of training rows, from the baseline's error at
# this number of them; the power is at most `MOST_EXPONENT`, that of parametric models, for an
# error of noise does not fall any more. Fitted to 25 tables, see docs/estimate.md.
BASELINE_ROWS, MOST_EXPONENT = 15, 0.5
# Standard deviation of a table's exponent from that, at least and as a share of the exponent:
# with it the intervals of 75 fits (25 tables, three splits, 10 s) held the test error in 96 %.
EXPONENT_DEVIATION, DEVIATION_SHARE = 0.15, 0.75
# Groups of rows that are left out in turn to measure the standard error.
N_GROUPS, SLOW_GROUPS = 40, 15


@dataclass(frozen=True)
class SearchOutcome:
    """A finished search, as far as the estimate needs it.

    Attributes
    ----------
    final : FinalModels
    library : sequence of Entry
        The best candidates, best first.
    evaluations : sequence of Evaluation
        Of all candidates.
    scorer : OutOfFold
    folds : Folds
    n_rows : int
        Number of rows on which final models are fitted.
    seed : int
        Of the search.
    baseline : float
        Error of the baseline; NaN if it is not known, so that more rows are no gain.
    grouped : bool
        Whether rows of one group depend on each other.
    """

    final: FinalModels
    library: Sequence[Entry]
    evaluations: Sequence[Evaluation]
    scorer: OutOfFold
    folds: Folds
    n_rows: int
    seed: int
    baseline: float
    grouped: bool = False


@dataclass(frozen=True)
class ErrorEstimate:
    """Errors of the model that predicts, and the deviations of the corrected one.

    `corrected` is None, with a `reason`, if it could not be computed. For the deviations see
    `evolearn.results.estimate.Estimate`.
    """

    naive: float
    corrected: float | None = None
    standard_error: float = 0.0
    extrapolation_error: float = 0.0
    reason: str = ""


def estimate_error(
    outcome: SearchOutcome, late: Callable[[], bool] = lambda: False
) -> ErrorEstimate:
    """Estimate the error on new rows of the model that predicts.

    It ends early, without a corrected error, if it is `late`, which is called often.
    """
    naive, scored = float("nan"), outcome.folds.scored
    try:
        with quiet_process():  # thousands of scores may give the same warning
            served = _served(outcome)
            naive = served.naive
            if len(np.unique(scored)) < len(scored):
                return ErrorEstimate(naive, reason="cv scores some rows more than once")
            optimism = _optimism(outcome, served, late)
            if optimism is None:
                return ErrorEstimate(naive, reason="there was no time left to compute it")
            bounded = outcome.scorer.objective.optimum is not None  # others have no ratios
            growth = outcome.final.row_growth(outcome.folds, outcome.n_rows) if bounded else 0.0
            of_folds = naive + optimism
            exponent = _learning_exponent(outcome, of_folds)
            corrected = of_folds * np.exp(-exponent * growth)
            deviation = _standard_error(outcome, served)
    except Exception as error:  # of a scorer of the user's; it must not cost the fit
        return ErrorEstimate(naive, reason=f"it cannot be computed ({describe(error)})")
    if not (np.isfinite(corrected) and np.isfinite(deviation)):
        return ErrorEstimate(naive, reason="some part of the rows lacks a class")
    spread = max(EXPONENT_DEVIATION, DEVIATION_SHARE * exponent)
    extrapolation = spread * growth * abs(corrected)
    return ErrorEstimate(naive, float(corrected), float(deviation), float(extrapolation))


# -- the model that predicts ----------------------------------------------------------------


@dataclass(frozen=True)
class _Served:
    """The model that predicts, out of fold, and the models among which it was chosen."""

    predictions: Floats | None  # None if candidates have none that can be pooled
    offers: list[Floats]
    n_steps: int  # of the selection; 1 for a single model
    naive: float


def _served(outcome: SearchOutcome) -> _Served:
    final, scorer = outcome.final, outcome.scorer
    predictions = final.out_of_fold(scorer.task)
    if final.stacking is not None:
        offers = [*final.stacking.offers.values()]
    else:
        kept = (e for e in outcome.library if e.evaluation.predictions is not None)
        offers = [entry.predictions for entry in kept]
        if len(final.entries) == 1:
            (entry,) = final.entries.values()
            return _Served(predictions, offers, 1, entry.error)
    assert predictions is not None  # members of an ensemble have some
    error = scorer.error(predictions[scorer.positions])
    return _Served(predictions, offers, _of_speed(scorer, STEPS, SLOW_STEPS), error)


def _of_speed(scorer: OutOfFold, fast: int, slow: int) -> int:
    return slow if scorer.objective.fast is None else fast


# -- bias -----------------------------------------------------------------------------------


def _optimism(
    outcome: SearchOutcome, served: _Served, late: Callable[[], bool]
) -> float | None:
    """Return the amount by which the choice lowers the naive error; None if it was late.

    A candidate that fails on some rows alone may be a member where these are left out. So the
    error is not taken to be higher than that of choosing the best single candidate.
    """
    if len(outcome.folds) == 1:
        return _row_optimism(outcome, served, late)
    of_best = _fold_optimism(outcome, 1)
    if served.n_steps == 1:  # the errors of the folds say all
        return of_best
    by_rows = _row_optimism(outcome, served, late)
    if by_rows is None:
        return None
    best = outcome.final.best.entry.error + of_best
    by_folds = _fold_optimism(outcome, len(outcome.library))
    return min(by_rows + by_folds, max(best - served.naive, 0.0))


def _fold_optimism(outcome: SearchOutcome, n_best: int) -> float:
    """Return the mean optimism of the errors by which the best candidates are chosen.

    It is the mean error, on each fold, of the candidates that are best on the others, above
    that of the best on all (Tibshirani and Tibshirani, Annals of Applied Statistics 2009).
    """
    objective = outcome.scorer.objective
    errors = np.array(
        [
            [objective.error(score) for score in evaluation.scores]
            for evaluation in outcome.evaluations
            if evaluation.error is not None
        ]
    )
    totals = errors.sum(axis=1)
    honest = []
    for fold in range(errors.shape[1]):
        best = np.argsort(totals - errors[:, fold], kind="stable")[:n_best]
        honest.append(errors[best, fold].mean())
    return float(np.mean(honest) - np.sort(errors.mean(axis=1))[:n_best].mean())


def _row_optimism(
    outcome: SearchOutcome, served: _Served, late: Callable[[], bool]
) -> float | None:
    """Return the optimism of the error by which members and weights are chosen."""
    assert served.predictions is not None  # it was pooled, or there is one fold
    scorer, share = _thinned(outcome)
    parts = _dealt(scorer, N_PARTS, outcome.seed)
    if len(outcome.folds) > 1:  # groups of the user's are whole in folds
        parts = scorer.fold % N_PARTS
    rows = scorer.positions
    honest = np.empty_like(served.predictions[rows])
    done = np.zeros(len(rows), dtype=bool)
    for part in np.unique(parts):
        mine = parts == part
        selection = select(served.offers, scorer.among(~mine), served.n_steps, late)
        if late():  # one part alone is an estimate as well, but a less certain one
            break
        members = zip(selection.members, selection.weights, strict=True)
        chosen = [(weight, served.offers[member][rows[mine]]) for member, weight in members]
        honest[mine] = scorer.task.pool(chosen, selection.sharpness)
        done |= mine
    if not done.any():
        return None
    measured = scorer.among(done)
    naive = measured.error(served.predictions[rows[done]])
    return share * (measured.error(honest[done]) - naive)


def _learning_exponent(outcome: SearchOutcome, error: float) -> float:
    """Return the power of the number of training rows by which the error falls.

    A better model than the baseline has learned more from its rows. The power of a squared
    error is twice that of its root, as it must be.
    """
    if not outcome.baseline > error > 0:
        return 0.0
    steps = max(float(np.log(outcome.folds.n_training / BASELINE_ROWS)), 1.0)
    return min(float(np.log(outcome.baseline / error)) / steps, MOST_EXPONENT)


# -- chance ---------------------------------------------------------------------------------


def _standard_error(outcome: SearchOutcome, served: _Served) -> float:
    """Return the standard error of the served model's error, by a jackknife over groups.

    Where rows depend on each other, or have no predictions, that of the mean over folds.
    """
    several_folds = len(outcome.folds) > 1
    if served.predictions is None or (outcome.grouped and several_folds):
        scores = outcome.final.best.entry.evaluation.scores
        return float(np.std(scores, ddof=1) / np.sqrt(len(scores))) if several_folds else np.nan
    scorer = outcome.scorer
    predictions = served.predictions[scorer.positions]
    n_groups = min(_of_speed(scorer, N_GROUPS, SLOW_GROUPS), len(predictions))
    groups = _dealt(scorer, n_groups, outcome.seed)
    errors = []
    for group in range(n_groups):
        kept = groups != group
        errors.append(scorer.among(kept).error(predictions[kept]))
    spread = np.asarray(errors)
    spread = spread[np.isfinite(spread)]  # a metric may need a class that a group alone has
    n = len(spread)
    return float(np.sqrt((n - 1) ** 2 / n * spread.var(ddof=1))) if n > 1 else np.nan


# -- parts of the rows ----------------------------------------------------------------------


def _ordered(scorer: OutOfFold, seed: int) -> Indices:
    """Return the order of the scored rows by fold and stratum, by chance among equals."""
    rng = np.random.default_rng(seed)
    return np.lexsort((rng.random(len(scorer.positions)), scorer.strata, scorer.fold))


def _dealt(scorer: OutOfFold, n_groups: int, seed: int) -> Indices:
    """Return the group of each scored row: every one has its share of each stratum."""
    groups = np.empty(len(scorer.positions), dtype=np.intp)
    groups[_ordered(scorer, seed)] = np.arange(len(groups)) % n_groups
    return groups


def _thinned(outcome: SearchOutcome) -> tuple[OutOfFold, float]:
    """Return a scorer of at most `MOST_ROWS`, and the share of the rows that it has."""
    scorer = outcome.scorer
    n_rows = len(scorer.positions)
    share = min(1.0, min(MOST_ROWS, MOST_NUMBERS // scorer.task.width) / n_rows)
    if share == 1.0:
        return scorer, 1.0
    kept = np.empty(n_rows, dtype=bool)
    kept[_ordered(scorer, outcome.seed)] = np.diff(np.floor(share * np.arange(n_rows + 1))) > 0
    return scorer.among(kept), share
