"""The method that returns another fitted model of a finished search."""

import copy
import numbers
from dataclasses import replace
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from evolearn.data import as_table, take_rows
from evolearn.execution.budget import Deadline
from evolearn.fit.kept_models import KeptModel, milliseconds_of, pickled_bytes
from evolearn.messages import shown
from evolearn.results.insights import Insights
from evolearn.results.numbers import bytes_text, milliseconds_text
from evolearn.results.result_table import Leaderboard

# Seconds that the measurements at the end of a fit may take together: they are no part of the
# time budget.
MEASURING_SECONDS = 0.15


class ChoiceMixin:
    """Choice of another fitted model, by speed, size, readability or rank."""

    @property
    def model_bytes_(self) -> int:
        """Bytes of the pickled model that `predict` uses, ``estimator_``."""
        check_is_fitted(self)
        return pickled_bytes(self.estimator_)  # type: ignore[attr-defined]

    def select(
        self,
        max_predict_ms: float | None = None,
        max_bytes: int | None = None,
        interpretable: bool = False,
        rank: int | None = None,
    ) -> Self:
        """Return the best fitted model that meets all conditions; this one stays as it is.

        ``fit`` keeps the members of the ensemble, the best single model, the best interpretable
        candidate, and the simplest linear model or tree. Nothing is fitted here.

        Parameters
        ----------
        max_predict_ms : float, default=None
            Most milliseconds in which one row is predicted. They were measured at the end of
            ``fit``, on its machine: the median of some calls of `predict`. ``predict_ms_`` is
            that of the model that is returned.
        max_bytes : int, default=None
            Most bytes of the pickled model, ``model_bytes_``.
        interpretable : bool, default=False
            Whether people must be able to read the model: a linear model, or a decision tree of
            at most 32 leaves, of the table's columns and at most five made ones. The columns
            may be imputed, scaled, encoded or selected; free text, splines, polynomials and
            components do not count as readable.
        rank : int, default=None
            The candidate of this rank in ``leaderboard_``, 1 for the best.

        Returns
        -------
        estimator
            A fitted estimator of the same class. If it is a single candidate, its
            ``best_*`` attributes, ``estimate_`` and the weights in ``leaderboard_`` are those
            of this candidate. ``estimate_`` has the naive error only, ``insights_`` are empty,
            and there are no intervals or sets.

        Raises
        ------
        ValueError
            If no kept model meets the conditions. The message names the nearest one.

        Examples
        --------
        >>> from sklearn.datasets import load_diabetes
        >>> from evolearn import EvolutionaryRegressor
        >>> X, y = load_diabetes(return_X_y=True)
        >>> model = EvolutionaryRegressor(
        ...     time_budget=None, n_evaluations=6, search_space=["ridge", "extra_trees"],
        ...     random_state=0,
        ... ).fit(X, y)
        >>> small = model.select(max_bytes=20_000)
        >>> small.best_params_["estimator"], small.model_bytes_ <= 20_000
        ('ridge', True)
        """
        check_is_fitted(self)
        conditions = Conditions(max_predict_ms, max_bytes, interpretable, rank)
        conditions.check()
        kept: dict[int, KeptModel] = self._of_search("_kept_models")  # type: ignore[attr-defined]
        if rank is not None:
            number = _candidate_of_rank(self.leaderboard_, rank)  # type: ignore[attr-defined]
            if number not in kept:
                raise ValueError(_not_kept(self, number, rank))
            models = [self._as_candidate(number)]
        else:
            numbers_of_kept = sorted(kept, key=self._error_of_candidate)
            models = [self, *map(self._as_candidate, numbers_of_kept)]
        choices = [(one, conditions.excess(one)) for one in models]
        found = next((one for one, excess in choices if excess <= 1), None)
        if found is None:
            nearest = min(choices, key=lambda choice: choice[1])
            raise ValueError(conditions.unmet(*nearest))
        return copy.copy(self) if found is self else found

    def _error_of_candidate(self, number: int) -> tuple[float, int]:
        results: Any = self.cv_results_  # type: ignore[attr-defined]
        return float(results["fitness"][_row(results, number)]), number

    def _as_candidate(self, number: int) -> Any:
        """Return a copy of this estimator that predicts with a candidate that was kept."""
        model: Any = copy.copy(self)
        kept = model._kept_models[number]
        results, row = model.cv_results_, _row(model.cv_results_, number)
        fitness = float(results["fitness"][row])
        model.estimator_, model.best_estimator_ = kept.served, kept.single
        model._members = (number,)
        model.predict_ms_ = kept.predict_ms
        model.best_index_, model.best_params_ = row, dict(results["params"][row])
        model.best_fitness_ = model.ensemble_fitness_ = fitness
        model.best_score_ = float(results["mean_test_score"][row])
        model.stacking_weights_ = {}
        model.estimate_ = replace(
            model.estimate_,
            naive=fitness,
            corrected=float("nan"),
            simpler=None,
            reason=f"candidate {number} was selected after the search",
        )
        model._uncertainty = replace(
            model._uncertainty,
            calibration=None,
            reason="the model was selected after the search",
        )
        model.leaderboard_ = _with_weight_of(number, model.leaderboard_)
        model.insights_ = Insights(absent={"all": "the model was selected after the search"})
        vars(model).pop("feature_importances_", None)
        return model

    def _measure(self, X: Any) -> None:
        """Measure how long each kept model takes to predict the first row of a table."""
        model: Any = self
        row, deadline = take_rows(as_table(X), np.arange(1)), Deadline(MEASURING_SECONDS)
        results = model.cv_results_
        complexity = {n: results["complexity"][_row(results, n)] for n in model._kept_models}
        # The simple ones first: slow ones may find no time.
        for number in sorted(complexity, key=lambda n: (complexity[n], n)):
            if deadline.is_over():
                break
            one = self._as_candidate(number)
            model._kept_models[number].predict_ms = milliseconds_of(one.predict, row)
        model.predict_ms_ = milliseconds_of(model.predict, row)


class Conditions:
    """The conditions on a selected model."""

    def __init__(
        self,
        max_predict_ms: float | None,
        max_bytes: int | None,
        interpretable: bool,
        rank: int | None,
    ) -> None:
        self.max_predict_ms = max_predict_ms
        self.max_bytes = max_bytes
        self.interpretable = interpretable
        self.rank = rank

    def check(self) -> None:
        """Refuse values that are no conditions."""
        limits = {"max_predict_ms": self.max_predict_ms, "max_bytes": self.max_bytes}
        for name, value in limits.items():
            if value is not None and not (_is_number(value, numbers.Real) and value > 0):
                raise ValueError(f"{name} must be a positive number, got {shown(value)}.")
        if not isinstance(self.interpretable, bool | np.bool_):
            raise ValueError(
                f"interpretable must be True or False, got {shown(self.interpretable)}."
            )
        if self.rank is not None and not _is_number(self.rank, numbers.Integral):
            raise ValueError(f"rank must be an integer, got {shown(self.rank)}.")
        if not (
            self.interpretable or [v for v in (*limits.values(), self.rank) if v is not None]
        ):
            raise ValueError(
                "select needs a condition; pass max_predict_ms, max_bytes, interpretable=True "
                "or rank."
            )

    def excess(self, model: Any) -> float:
        """Return by which factor a model exceeds the limits, at most 1 if it meets them."""
        ratios = [0.0]
        if self.max_predict_ms is not None:
            known = model.predict_ms_ == model.predict_ms_
            ratios.append(model.predict_ms_ / self.max_predict_ms if known else np.inf)
        if self.max_bytes is not None:
            ratios.append(model.model_bytes_ / self.max_bytes)
        if self.interpretable and not _is_interpretable(model):
            ratios.append(np.inf)
        return float(max(ratios))

    def unmet(self, nearest: Any, excess: float) -> str:
        """Return the message that no model meets the conditions, with the nearest one."""
        wanted = []
        if self.max_predict_ms is not None:
            wanted.append(f"max_predict_ms={shown(self.max_predict_ms)}")
        if self.max_bytes is not None:
            wanted.append(f"max_bytes={shown(self.max_bytes)}")
        wanted += ["interpretable=True"] if self.interpretable else []
        wanted += [] if self.rank is None else [f"rank={shown(self.rank)}"]
        start = f"No kept model meets {' and '.join(wanted)}"
        if excess == np.inf:
            return (
                f"{start}; fit another candidate of leaderboard_ with refit(candidate, X, y), "
                "or pass other conditions."
            )
        size = bytes_text(nearest.model_bytes_)
        return (
            f"{start}; the nearest is {_name(nearest)}, which takes "
            f"{milliseconds_text(nearest.predict_ms_)} for a row and has {size}. Pass larger "
            "limits, or fit another candidate with refit(candidate, X, y)."
        )


def _is_interpretable(model: Any) -> bool:
    """Whether the model that predicts is one interpretable candidate."""
    board = model.leaderboard_
    members = board["candidate"][board["ensemble_weight"] > 0]
    kept = model._kept_models.get(int(members[0])) if len(members) == 1 else None
    return kept is not None and kept.is_interpretable and not model.stacking_weights_


def _name(model: Any) -> str:
    board = model.leaderboard_
    members = np.flatnonzero(board["ensemble_weight"] > 0)
    if len(members) != 1:
        return "the ensemble"
    return f"candidate {board['candidate'][members[0]]} ({board['estimator'][members[0]]})"


def _row(results: Any, number: int) -> int:
    """Return the position of a candidate in ``cv_results_``."""
    return int(np.flatnonzero(results["candidate"] == number)[0])


def _candidate_of_rank(board: Leaderboard, rank: int) -> int:
    ranks = board["rank"]
    if rank < 1 or rank not in ranks:
        raise ValueError(
            f"There is no rank {shown(rank)}; leaderboard_ has the ranks 1 to "
            f"{max(ranks, default=0)}."
        )
    return int(board["candidate"][ranks == rank][0])


def _not_kept(model: Any, number: int, rank: int) -> str:
    board, kept = model.leaderboard_, model._kept_models
    pairs = zip(board["rank"], board["candidate"], strict=True)
    ranks = ", ".join(str(rank) for rank, candidate in pairs if int(candidate) in kept)
    return (
        f"The model of rank {shown(rank)} (candidate {number}) was not kept, those of the "
        f"ranks {ranks} were; fit it with refit({number}, X, y)."
    )


def _with_weight_of(number: int, board: Leaderboard) -> Leaderboard:
    """Return a leaderboard in which one candidate predicts: the ensemble has no row."""
    rows = np.flatnonzero(board["estimator"] != "ensemble")
    columns = {name: column[rows] for name, column in board.items()}
    columns["ensemble_weight"] = (columns["candidate"] == number).astype(float)
    return Leaderboard(columns, board.metric, board["params"][rows])


def _is_number(value: Any, kind: type) -> bool:
    return isinstance(value, kind) and not isinstance(value, bool) and value == value
