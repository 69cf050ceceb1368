"""Which candidates of the library are to serve, and with what weights."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from evolearn.ensemble.library import Entry, Library
from evolearn.ensemble.selection import OutOfFold, select
from evolearn.execution.process_settings import quiet_process
from evolearn.execution.serialization import describe

# The share of the time left that ensemble selection may take; the rest is for the refits.
SELECTION_SHARE = 0.2


@dataclass(frozen=True)
class Chosen:
    """The members of an ensemble.

    Attributes
    ----------
    members : list of (float, Entry)
        With their weights, heaviest first: one if that is no worse.
    sharpness : float
        As in `Selection`.
    note : str
        Why an ensemble could not be scored (a scorer of the user's may want more than
        predictions, such as the table or the model's coefficients), or that no candidate
        predicts as fast as wished; "" if all is well.
    """

    members: list[tuple[float, Entry]]
    sharpness: float = 1.0
    note: str = ""


@dataclass(frozen=True)
class Wish:
    """What the user wants of the model that serves.

    Attributes
    ----------
    out_of_fold : OutOfFold or None
        Scores ensembles; None: a single model is wanted.
    ensemble_size : int
        Steps of the greedy selection.
    max_latency : float
        Seconds that prediction may take per 1,000 rows.
    n_scored : int
        Rows that a candidate predicts while it is scored, all folds together.
    """

    out_of_fold: OutOfFold | None
    ensemble_size: int
    max_latency: float = float("inf")
    n_scored: int = 1

    def latency(self, entry: Entry) -> float:
        """Return the seconds that a candidate took for 1,000 rows when it was scored."""
        evaluation = entry.evaluation
        seconds = sum(evaluation.score_seconds) + evaluation.reused_score_seconds
        return 1000 * seconds / self.n_scored


def choose(library: Library, wish: Wish, seconds_left: Callable[[], float]) -> Chosen:
    """Choose the members of an ensemble; the library notes them as the expected ones.

    Parameters
    ----------
    library : Library
        Has at least one entry.
    wish : Wish
    seconds_left : callable
        Seconds until the fit has to be over.

    Returns
    -------
    Chosen
    """
    asked = tuple(entry.candidate.number for entry in library.entries), wish
    if asked != library.chosen_from:
        chosen = _choose(library, wish, seconds_left)
        library.note_choice(asked, chosen, [entry for _, entry in chosen.members])
    made: Chosen = library.choice
    return made


def _choose(library: Library, wish: Wish, seconds_left: Callable[[], float]) -> Chosen:
    fast = [entry for entry in library.entries if wish.latency(entry) <= wish.max_latency]
    if not fast:
        fastest = min(library.entries, key=wish.latency)
        note = (
            f"No candidate of the best predicts 1,000 rows within max_predict_latency="
            f"{wish.max_latency:.3g} s; the fastest of them serves, with "
            f"{wish.latency(fastest):.3g} s."
        )
        return Chosen([(1.0, fastest)], note=note)
    best, out_of_fold = fast[0], wish.out_of_fold
    single = [(1.0, best)]
    offers = [entry for entry in fast if entry.evaluation.predictions is not None]
    if out_of_fold is None or len(offers) < 2:
        return Chosen(single)
    enough = seconds_left() * (1 - SELECTION_SHARE)
    try:
        with quiet_process():  # thousands of scores may give the same warning
            selection = select(
                [_predictions(entry) for entry in offers],
                out_of_fold,
                wish.ensemble_size,
                late=lambda: seconds_left() < enough,
                costs=[wish.latency(entry) for entry in offers],
                most=wish.max_latency,
            )
            alone = _error_alone(best, out_of_fold)
    except Exception as error:
        note = (
            f"No ensemble was made: scoring={out_of_fold.scoring} cannot be computed from "
            f"averaged predictions ({describe(error)}); the best single model predicts, as it "
            "does with final_model='single'."
        )
        return Chosen(single, note=note)
    if len(selection.members) < 2 or selection.error >= alone:
        return Chosen(single)
    chosen = zip(selection.weights, (offers[i] for i in selection.members), strict=True)
    members = sorted(chosen, key=lambda pair: (-pair[0], pair[1].candidate.number))
    return Chosen(members, selection.sharpness)


def _predictions(entry: Entry) -> NDArray[np.float64]:
    assert entry.evaluation.predictions is not None  # only such entries are offers
    return entry.evaluation.predictions


def _error_alone(entry: Entry, out_of_fold: OutOfFold) -> float:
    """Return the error of a candidate on the rows on which an ensemble's is measured."""
    if out_of_fold.complete or entry.evaluation.predictions is None:
        return entry.error
    return out_of_fold.error(entry.evaluation.predictions[out_of_fold.positions])
