"""From the library of a search to the fitted model that its user gets."""

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from evolearn.ensemble.library import Entry, Library, load_seconds
from evolearn.ensemble.selection_options import Chosen
from evolearn.ensemble.stacking import StackingLayer
from evolearn.evaluation.fold_models import load_models
from evolearn.evaluation.tasks import EvaluationTask, FoldModelsTask, RefitTask
from evolearn.exceptions import EvolearnWarning, SearchError
from evolearn.execution.serialization import describe


@dataclass(frozen=True)
class Order:
    """What is to be fitted, and the seconds left with which it need not be begun."""

    task: RefitTask | FoldModelsTask | EvaluationTask
    least_seconds: float = 0.0


#: Fits what is ordered somewhere, in this order, and yields (position, result) as it is done;
#: stops when only so many seconds are left.
Refit = Callable[[Sequence[Order], float], Iterable[tuple[int, Any]]]


@dataclass(frozen=True)
class Member:
    """A fitted model, the candidate it is of, and its weight in what serves.

    ``fold`` is None for a model fitted on all rows, else the fold it was fitted in.
    """

    weight: float
    entry: Entry
    model: Any
    fold: int | None = None


@dataclass(frozen=True)
class Handover:
    """The fitted models to be handed back.

    Attributes
    ----------
    best : Member
        The best single candidate.
    members : list of Member
        What serves; one of them for a single model.
    shortfall : str
        What could not be fitted, "" if everything was.
    note : str
        What the user should know of the choice, see `choose`.
    sharpness : float
        As in `Selection`.
    second : StackingLayer or None
        Models that learn from what the members predict, and serve in their place.
    """

    best: Member
    members: list[Member]
    shortfall: str = ""
    note: str = ""
    sharpness: float = 1.0
    second: StackingLayer | None = None

    def decisions(self) -> dict[str, Any]:
        """Return what has to be known to hand over the same models again."""
        return {
            "best": [self.best.entry.candidate.number, self.best.fold],
            "members": [[m.weight, m.entry.candidate.number, m.fold] for m in self.members],
            "sharpness": self.sharpness,
            "second": None if self.second is None else self.second.decisions(),
        }


def hand_over(
    library: Library,
    choose: Callable[[], Chosen],
    refit: Refit,
    *,
    lean: bool = False,
) -> Handover | None:
    """Choose what serves and fit it on all rows; fold models serve for what is late.

    Parameters
    ----------
    library : Library
    choose : callable
        `choose`, given all it needs.
    refit : callable
        Fits as many as time allows, the first ones first.
    lean : bool, default=False
        Whether a candidate is served by one of its fold models at most, for speed.

    Returns
    -------
    Handover or None
        None if there is no fitted model at all.
    """
    best = library.best
    if best is None:
        return None
    bag = _one_of_bag if lean else _bag
    chosen = choose()
    entries = [best, *(entry for _, entry in chosen.members if entry is not best)]
    models = _refitted(entries, library, refit)
    served = {
        number: [Member(1.0, entry, models[number])] if number in models else bag(entry)
        for number, entry in ((entry.candidate.number, entry) for entry in entries)
    }
    members = [
        replace(member, weight=weight * member.weight)
        for weight, entry in chosen.members
        for member in served[entry.candidate.number]
    ]
    if not members:
        members = served[best.candidate.number]
    if not members and library.saved is not None:
        members = bag(library.saved)
    if not members:
        return None
    missed = sum(not served[entry.candidate.number] for entry in entries)
    late = best.candidate.number not in models or missed
    shortfall = (
        f"{len(entries) - len(models)} of {len(entries)} final models could not be fitted on "
        "all rows"
    )
    # The best single model: fitted on all rows if it can be, else in a fold.
    own = served[best.candidate.number] or members
    single = max(own, key=lambda member: member.weight)
    return Handover(
        single, _scaled(members), shortfall if late else "", chosen.note, chosen.sharpness
    )


def hand_over_again(
    entries: Mapping[int, Entry], refit: Refit, decisions: Mapping[str, Any]
) -> Handover | None:
    """Fit the models that an earlier run handed over, however long it takes.

    Parameters
    ----------
    entries : mapping of int to Entry
        By the number of their candidate.
    refit : callable
    decisions : mapping
        As `Handover.decisions` gave them.
    """
    if "best" not in decisions:
        return None
    wanted = [[1.0, *decisions["best"]], *decisions["members"]]
    keys = sorted({(number, fold is None) for _, number, fold in wanted})
    orders = [
        Order(
            _refit_task(entries[number])
            if whole
            else FoldModelsTask(entries[number].candidate.genome)
        )
        for number, whole in keys
    ]
    models = {keys[i]: model for i, model in refit(orders, 0.0)}
    lost = [number for number, whole in keys if (number, whole) not in models]
    if lost:
        msg = (
            f"The run cannot be repeated: the model of candidate {lost[0]}, fitted then, could "
            "not be fitted now; see the warning."
        )
        raise SearchError(msg)
    made = [
        Member(
            weight,
            entries[number],
            models[number, True] if fold is None else models[number, False][fold],
            fold,
        )
        for weight, number, fold in wanted
    ]
    return Handover(made[0], made[1:], sharpness=decisions["sharpness"])


def _refitted(entries: Sequence[Entry], library: Library, refit: Refit) -> dict[int, Any]:
    """Return the models of these candidates fitted on all rows, as far as there is time.

    The library keeps them, in case the search goes on.
    """
    known = {e.candidate.number: library.refitted.get(e.candidate.number) for e in entries}
    missing = [entry for entry in entries if known[entry.candidate.number] is None]
    orders = [_order(entry, library) for entry in missing]
    for i, model in refit(orders, load_seconds(missing)):
        known[missing[i].candidate.number] = model
    library.refitted = {number: model for number, model in known.items() if model is not None}
    return library.refitted


def _order(entry: Entry, library: Library) -> Order:
    """Return the order of a refit.

    Where fold models can serve it must be expected to end, and so must that of the best: to
    refit the others alone is not worth the time.
    """
    least = 0.0
    if entry.models_path is not None:
        considered = [entry] if library.best is None else [entry, library.best]
        least = max(library.refit_seconds(one) for one in considered)
    return Order(_refit_task(entry), least)


def _refit_task(entry: Entry) -> RefitTask:
    return RefitTask(entry.candidate.genome, entry.evaluation.rounds)


def _scaled(members: Sequence[Member]) -> list[Member]:
    total = sum(member.weight for member in members)
    return [replace(member, weight=member.weight / total) for member in members]


def _one_of_bag(entry: Entry) -> list[Member]:
    return [replace(member, weight=1.0) for member in _bag(entry)[:1]]


def _bag(entry: Entry) -> list[Member]:
    """Return the fitted fold models of a candidate, none if they were not saved."""
    if entry.models_path is None:
        return []
    try:
        models = load_models(entry.models_path)
    except Exception as error:  # other models may serve: one that is lost must not lose them
        warnings.warn(
            f"The fold models of a candidate could not be read: {describe(error)}.",
            EvolearnWarning,
            stacklevel=2,
        )
        return []
    return [Member(1 / len(models), entry, model, fold) for fold, model in enumerate(models)]
