"""Final models: the chosen candidates fitted on all rows, or their fold models where late."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from evolearn.cost.reserve import load_seconds
from evolearn.ensemble.library import Entry
from evolearn.ensemble.planner import FinalModelsPlanner
from evolearn.ensemble.stacking import StackingLayer
from evolearn.evaluation.fold_models import load_models
from evolearn.evaluation.folds import Folds
from evolearn.evaluation.tasks import EvaluationTask, FoldModelsTask, RefitTask
from evolearn.exceptions import SearchError
from evolearn.execution.serialization import describe
from evolearn.tasks.base import Task
from evolearn.tasks.predictions import Floats
from evolearn.user_warnings import warn


@dataclass(frozen=True)
class Order:
    """A task to be trained, skipped if fewer than `least_seconds` are left."""

    task: RefitTask | FoldModelsTask | EvaluationTask
    least_seconds: float = 0.0


#: Trains orders in the workers and yields (position, result) as they end; stops when only the
#: given seconds are left.
Train = Callable[[Sequence[Order], float], Iterable[tuple[int, Any]]]


@dataclass(frozen=True)
class Member:
    """A fitted model, its candidate, and its weight in the ensemble.

    ``fold`` is None for a model fitted on all rows, else the fold it was fitted in.
    """

    weight: float
    entry: Entry
    model: Any
    fold: int | None = None


@dataclass(frozen=True)
class FinalModels:
    """The fitted models that a fit returns."""

    best: Member  # the best single candidate
    members: list[Member]  # of the ensemble; one for a single model
    shortfall: str = ""  # the models that could not be fitted, "" if all were
    note: str = ""  # as in `EnsembleChoice`
    sharpness: float = 1.0  # as in `Selection`
    # Models that learn from the members' predictions, and predict in their place.
    stacking: StackingLayer | None = None
    # Simple models that do not predict, of weight 0, among which users may choose.
    simple: Sequence[Member] = ()

    @property
    def entries(self) -> dict[int, Entry]:
        """The candidates of the members by number: fold models have one in common."""
        return {member.entry.number: member.entry for member in self.members}

    @property
    def weights(self) -> dict[int, float]:
        """The weights in the ensemble by the number of the candidate."""
        weights: dict[int, float] = {}
        for member in self.members:
            number = member.entry.number
            weights[number] = weights.get(number, 0.0) + member.weight
        return weights

    def row_growth(self, folds: Folds, n_rows: int) -> float:
        """Return the logarithm of the ratio of the models' training rows to the folds'.

        It is 0 for fold models. `n_rows` is the number of rows that final models train on.
        """
        on_all = sum(member.weight for member in self.members if member.fold is None)
        return on_all * float(np.log(n_rows / folds.n_training))

    def out_of_fold(self, task: Task) -> Floats | None:
        """Return the out-of-fold predictions of the model that predicts.

        They are None if a member has none, or if a replay made the stacking layer.
        """
        if self.stacking is not None:
            offers = self.stacking.offers
            if not offers:
                return None
            layer = [(weight, offers[name]) for name, weight in self.stacking.weights.items()]
            return task.pool(layer, self.stacking.sharpness)
        entries = self.entries
        if any(entry.evaluation.predictions is None for entry in entries.values()):
            return None
        if len(entries) == 1:
            (entry,) = entries.values()
            return entry.predictions
        members = [
            (weight, entries[number].predictions) for number, weight in self.weights.items()
        ]
        return task.pool(members, self.sharpness)

    def decisions(self) -> dict[str, Any]:
        """Return the decisions from which a replay makes the same models."""
        layer = self.stacking
        return {
            "best": [self.best.entry.number, self.best.fold],
            "members": [[m.weight, m.entry.number, m.fold] for m in self.members],
            "sharpness": self.sharpness,
            "simple": [member.entry.number for member in self.simple],
            "stacking": layer and {"weights": layer.weights, "sharpness": layer.sharpness},
        }


def fit_final_models(planner: FinalModelsPlanner, train: Train) -> FinalModels | None:
    """Choose the ensemble and fit its members on all rows, as far as there is time.

    Fold models are used for those that are late; only one for each candidate where the user
    limits the latency. The result is None if there is no fitted model at all.
    """
    library = planner.library
    best = library.best
    if best is None:
        return None
    n_fold_models = 1 if planner.options.max_latency < float("inf") else None
    choice = planner.choose()
    entries = [best, *(entry for _, entry in choice.members if entry is not best)]
    models = _fit_on_all_rows(entries, planner, train)
    usable = {
        entry.number: [Member(1.0, entry, models[entry.number])]
        if entry.number in models
        else _fold_members(entry, n_fold_models)
        for entry in entries
    }
    members = [
        replace(member, weight=weight * member.weight)
        for weight, entry in choice.members
        for member in usable[entry.number]
    ]
    if not members:
        members = usable[best.number]
    if not members and library.best_saved is not None:
        members = _fold_members(library.best_saved, n_fold_models)
    if not members:
        return None
    is_short = best.number not in models or not all(usable[e.number] for e in entries)
    shortfall = (
        f"{len(entries) - len(models)} of {len(entries)} final models could not be fitted on "
        "all rows"
    )
    single = max(usable[best.number] or members, key=lambda member: member.weight)
    total = sum(member.weight for member in members)
    members = [replace(member, weight=member.weight / total) for member in members]
    return FinalModels(
        single, members, shortfall if is_short else "", choice.note, choice.sharpness
    )


def refit_final_models(
    entries: Mapping[int, Entry], train: Train, decisions: Mapping[str, Any]
) -> FinalModels | None:
    """Fit the final models of an earlier run again, however long it takes.

    The entries, by the number of their candidate, and the decisions of `FinalModels.decisions`
    are those of that run.

    Raises
    ------
    SearchError
        If one of the models cannot be fitted now.
    """
    if "best" not in decisions:
        return None
    wanted = [[1.0, *decisions["best"]], *decisions["members"]]
    keys = sorted({(number, fold is None) for _, number, fold in wanted})
    orders = [
        Order(
            _refit_task(entries[number])
            if on_all_rows
            else FoldModelsTask(entries[number].genome)
        )
        for number, on_all_rows in keys
    ]
    models = {keys[i]: model for i, model in train(orders, 0.0)}
    lost = [number for number, on_all_rows in keys if (number, on_all_rows) not in models]
    if lost:
        msg = (
            f"The run cannot be repeated: the model of candidate {lost[0]}, fitted then, could "
            "not be fitted now; see the warning."
        )
        raise SearchError(msg)
    members = [
        Member(
            weight,
            entries[number],
            models[number, True] if fold is None else models[number, False][fold],
            fold,
        )
        for weight, number, fold in wanted
    ]
    return FinalModels(members[0], members[1:], sharpness=decisions["sharpness"])


def _fit_on_all_rows(
    entries: Sequence[Entry], planner: FinalModelsPlanner, train: Train
) -> dict[int, Any]:
    """Fit these candidates, the best first, as far as there is time; return models by number.

    The planner keeps them, in case the search continues.
    """
    models = {e.number: planner.fitted[e.number] for e in entries if e.number in planner.fitted}
    missing = [entry for entry in entries if entry.number not in models]

    def least_seconds(entry: Entry) -> float:
        # Where fold models can be used instead, a fit is skipped unless it is expected to end
        # in time, together with that of the best: the others alone are not worth the time.
        if entry.models_path is None:
            return 0.0
        return max(planner.cost(one).seconds for one in (entry, entries[0]))

    orders = [Order(_refit_task(entry), least_seconds(entry)) for entry in missing]
    for i, model in train(orders, load_seconds([planner.cost(entry) for entry in missing])):
        models[missing[i].number] = model
    planner.fitted = models
    return models


def _refit_task(entry: Entry) -> RefitTask:
    return RefitTask(entry.genome, entry.evaluation.rounds)


def _fold_members(entry: Entry, n_models: int | None = None) -> list[Member]:
    """Return the first fold models of a candidate as members, none if they were not saved."""
    if entry.models_path is None:
        return []
    try:
        models = load_models(entry.models_path)[:n_models]
    except Exception as error:  # a damaged file must not cost the other models
        warn(f"The fold models of a candidate could not be read: {describe(error)}.")
        return []
    return [Member(1 / len(models), entry, model, fold) for fold, model in enumerate(models)]
