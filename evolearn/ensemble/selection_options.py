"""Options and choice of the ensemble: the members among the library, and their weights."""

from collections.abc import Sequence
from dataclasses import dataclass

from evolearn.ensemble.library import Entry
from evolearn.ensemble.selection import OutOfFold, select
from evolearn.execution.budget import Deadline
from evolearn.execution.process_settings import quiet_process
from evolearn.execution.serialization import describe

# Share of the time left that ensemble selection may take; the rest is for the final fits.
SELECTION_SHARE = 0.2
# Share of its error by which an ensemble may get worse with fewer members: less than the noise
# of the choice. On 29 searches of 10 s on the tables of the suite, the error on test rows of
# such ensembles is 1.000 of that of all members (median; also the geometric mean without the
# two highest and lowest); they have 5.0 members instead of 6.0, and take 0.85 of their time.
# With 0.005 the time is 0.61, but the trimmed mean 1.004. One standard error of the paired
# difference over the folds is no measure: of few folds it is so large that errors rise by 2 %.
SLACK = 0.001


@dataclass(frozen=True)
class EnsembleOptions:
    """Options of the user for the model that predicts."""

    out_of_fold: OutOfFold | None  # scores ensembles; None for a single model
    ensemble_size: int  # steps of the greedy selection
    max_latency: float = float("inf")  # seconds that prediction may take per 1,000 rows
    n_scored: int = 1  # rows that a candidate predicts while it is scored, all folds together
    slack: float = SLACK  # see `select`

    def latency(self, entry: Entry) -> float:
        """Seconds that a candidate took per 1,000 rows when it was scored."""
        evaluation = entry.evaluation
        seconds = sum(evaluation.score_seconds) + evaluation.reused_score_seconds
        return 1000 * seconds / self.n_scored


@dataclass(frozen=True)
class EnsembleChoice:
    """The weights and entries of an ensemble's members, heaviest first.

    It is a single one if no ensemble is better. The note says why no ensemble could be scored
    (a scorer of the user's may need more than predictions, such as the table or the model's
    coefficients), or why the latency cannot be kept. For ``sharpness`` see `Selection`.
    """

    members: list[tuple[float, Entry]]
    sharpness: float = 1.0
    note: str = ""


def choose(
    entries: Sequence[Entry], options: EnsembleOptions, seconds_left: float
) -> EnsembleChoice:
    """Choose the members of an ensemble among entries, best first, of which there is one.

    `seconds_left` are those until the fit has to be over.
    """
    fast = [entry for entry in entries if options.latency(entry) <= options.max_latency]
    if not fast:
        return _fastest(entries, options)
    best, out_of_fold = fast[0], options.out_of_fold
    single = [(1.0, best)]
    offers = [entry for entry in fast if entry.evaluation.predictions is not None]
    if out_of_fold is None or len(offers) < 2:
        return EnsembleChoice(single)
    try:
        with quiet_process():  # thousands of scores may give the same warning
            selection = select(
                [entry.predictions for entry in offers],
                out_of_fold,
                options.ensemble_size,
                late=Deadline(SELECTION_SHARE * seconds_left).is_over,
                costs=[options.latency(entry) for entry in offers],
                most=options.max_latency,
                slack=options.slack,
            )
            alone = _error_alone(best, out_of_fold)
    except Exception as error:
        note = (
            f"No ensemble was made: scoring={out_of_fold.objective.name} cannot be computed "
            f"from averaged predictions ({describe(error)}); the best single model predicts, "
            "as it does with final_model='single'."
        )
        return EnsembleChoice(single, note=note)
    if len(selection.members) < 2 or selection.error >= alone:
        return EnsembleChoice(single)
    chosen = zip(selection.weights, (offers[i] for i in selection.members), strict=True)
    members = sorted(chosen, key=lambda pair: (-pair[0], pair[1].number))
    return EnsembleChoice(members, selection.sharpness)


def _fastest(entries: Sequence[Entry], options: EnsembleOptions) -> EnsembleChoice:
    """Choose the fastest entry, with a note that none keeps the latency."""
    fastest = min(entries, key=options.latency)
    note = (
        f"None of the best candidates predicts 1,000 rows within max_predict_latency="
        f"{options.max_latency:.3g} s; the fastest of them is used, with "
        f"{options.latency(fastest):.3g} s."
    )
    return EnsembleChoice([(1.0, fastest)], note=note)


def _error_alone(entry: Entry, out_of_fold: OutOfFold) -> float:
    """Error of a candidate on the rows on which the ensemble's error is measured."""
    if out_of_fold.complete or entry.evaluation.predictions is None:
        return entry.error
    return out_of_fold.error(entry.evaluation.predictions[out_of_fold.positions])
