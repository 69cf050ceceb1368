"""Objectives: errors of any scorer; lower is better, zero is perfect if a best score exists."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from inspect import Parameter, signature
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.metrics import get_scorer, get_scorer_names

from evolearn._compat import (
    scorer_function,
    scorer_response,
    scorer_settings,
    scorer_with_settings,
)
from evolearn.messages import shown
from evolearn.results.numbers import error_name
from evolearn.tasks.metrics import METRICS

# Scorers whose best value is neither 0 (all those whose names begin with "neg_") nor 1.
_UNBOUNDED = {"positive_likelihood_ratio", "mutual_info_score"}
# Earlier names of scorers, which scikit-learn renamed.
_RENAMED = {"max_error": "neg_max_error"}

# Losses that metrics measure, by the name of the metric's function; those of Tweedie have a
# power that decides.
_LOSSES = {
    "mean_poisson_deviance": "poisson",
    "mean_gamma_deviance": "gamma",
    "mean_absolute_error": "absolute_error",
    "median_absolute_error": "absolute_error",
    "mean_absolute_percentage_error": "absolute_error",
    "d2_absolute_error_score": "absolute_error",
}
_TWEEDIE = {"mean_tweedie_deviance", "d2_tweedie_score"}


class NotFiniteScoreError(ValueError):
    """A score that is not a finite number."""


@dataclass(frozen=True)
class Objective:
    """A scorer, and the conversion of its scores to errors."""

    scorer: Callable[..., Any]  # ``scorer(estimator, X, y)``, greater is better
    name: str  # the scorer's name, or its text
    optimum: float | None  # the best score that is possible; None if it is not known
    fast: str | None  # the name of the metric on arrays that equals the scorer
    weighted: bool = True  # whether the scorer gets sample weights

    def error(self, score: float) -> float:
        """Return the error of a score: its distance from the optimum, or minus the score."""
        # "+ 0.0" turns minus zero into zero.
        return (0.0 if self.optimum is None else self.optimum) - score + 0.0

    @property
    def error_name(self) -> str:
        """The name of the error, as people read it."""
        return error_name(self.name, self.optimum)

    @property
    def loss(self) -> str:
        """The loss that the metric measures, "" for the squared error and unknown ones."""
        function = scorer_function(self.scorer)
        name = getattr(function, "__name__", "")
        if name in _TWEEDIE:
            settings = scorer_settings(self.scorer)[1]
            return {1: "poisson", 2: "gamma"}.get(settings.get("power", 0), "")
        return _LOSSES.get(name, "")

    @property
    def responses(self) -> tuple[str, ...]:
        """The prediction methods of which an estimator must have one."""
        return scorer_response(self.scorer)

    @property
    def is_function(self) -> bool:
        """Whether the scorer is a function of the user's, which may look at the table."""
        return scorer_function(self.scorer) is None

    @property
    def takes_all_classes(self) -> bool:
        """Whether the scorer gets columns of all classes, even of those that rows lack.

        Functions of the user's do, and so do metrics with a ``labels`` setting.
        """
        return self.is_function or scorer_settings(self.scorer)[1].get("labels") is not None

    @property
    def takes_weights(self) -> bool:
        """Whether the scorer, or the metric inside it, has a parameter for sample weights."""
        function = scorer_function(self.scorer) or self.scorer
        return "sample_weight" in signature(function).parameters

    def score(
        self,
        model: BaseEstimator,
        X: Any,
        y: NDArray[Any],
        sample_weight: NDArray[np.float64] | None,
    ) -> float:
        """Return the score of an estimator, with weights if there are any."""
        given = sample_weight is not None and self.weighted
        weights = {"sample_weight": sample_weight} if given else {}
        return self.finite(self.scorer(model, X, y, **weights))

    def finite(self, score: Any) -> float:
        """Return a score as a float; raise ValueError if it is not a finite number."""
        if isinstance(score, np.ndarray) and score.ndim == 0:
            score = score[()]
        if isinstance(score, Mapping):
            msg = (
                f"The score of {self.name} is a dictionary; pass a dictionary of scorers as "
                "scoring, and name one of them in refit."
            )
            raise ValueError(msg)
        if not isinstance(score, (int, float, np.number)) or not math.isfinite(score):
            msg = f"The score of {self.name} is {shown(score)}, not a finite number."
            raise NotFiniteScoreError(msg)
        return float(score)

    def with_positive_class(self, classes: NDArray[Any]) -> "Objective":
        """Return the objective of the later one of two classes, where a metric needs to know.

        Metrics such as f1 take the class 1 for the positive one; of other classes it is the
        later one in sorted order, as everywhere in scikit-learn.
        """
        function = scorer_function(self.scorer)
        parameters = {} if function is None else _parameters(function)
        if len(classes) != 2 or "pos_label" not in parameters:
            return self
        settings = scorer_settings(self.scorer)[1]
        assumed = parameters["pos_label"].default
        usual = classes.tolist() in ([0, 1], [-1, 1])  # booleans are equal to 0 and 1
        known = usual if assumed is None else assumed in classes.tolist()
        if known or "pos_label" in settings or not _is_binary(parameters, settings):
            return self
        return replace(self, scorer=scorer_with_settings(self.scorer, pos_label=classes[1]))


def _parameters(function: Callable[..., Any]) -> Mapping[str, Parameter]:
    """Return the parameters of a function, none if they are not known."""
    try:
        return signature(function).parameters
    except (TypeError, ValueError):
        return {}


def _is_binary(parameters: Mapping[str, Parameter], settings: Mapping[str, Any]) -> bool:
    """Whether a metric with these settings asks for the positive one of two classes.

    Metrics such as f1 do not if they are averaged over classes.
    """
    default = parameters["average"].default if "average" in parameters else None
    return default != "binary" or settings.get("average", "binary") == "binary"


def make_objective(scoring: Any) -> Objective:
    """Return the objective of a scorer, or of the name of one that scikit-learn has."""
    if isinstance(scoring, str):
        scorer = _named_scorer(scoring)
        scoring = _RENAMED.get(scoring, scoring)
        fast = scoring if scoring in METRICS else None
        return Objective(scorer, scoring, _optimum(scoring), fast)
    _check_scorer(scoring)
    known = {scorer_function(get_scorer(name)): name for name in get_scorer_names()}
    name = known.get(scorer_function(scoring)) if scorer_function(scoring) else None
    if name is not None and not _same_optimum(scoring, get_scorer(name)):
        name = None
    return Objective(scoring, _readable(scoring), _optimum(name) if name else None, None)


def _named_scorer(name: str) -> Callable[..., Any]:
    known = get_scorer_names()
    name = name if name in known else _RENAMED.get(name, name)
    if name in known:
        return get_scorer(name)
    bare = name.removesuffix("_score").removesuffix("_loss")
    meant = [one for one in (f"neg_{name}", bare, f"neg_{bare}") if one in known]
    hint = f"; did you mean {meant[0]!r}?" if meant else ""
    msg = (
        f"scoring={shown(name)} is no scorer of scikit-learn, whose scorers are listed by "
        f"sklearn.metrics.get_scorer_names(){hint or '.'}"
    )
    raise ValueError(msg)


def _check_scorer(scoring: Any) -> None:
    """Raise a ValueError if it cannot be called as a scorer; a metric is mistaken for one."""
    try:
        takes = signature(scoring)
    except (TypeError, ValueError):  # not known, or no callable: the first call will tell
        return
    module = getattr(scoring, "__module__", None) or ""
    is_metric = module.startswith("sklearn.metrics.") and "_scorer" not in module
    try:
        takes.bind("estimator", "X", "y")
    except TypeError:
        is_metric = True
    if is_metric:
        msg = (
            f"scoring={_name_of(scoring)} is no scorer, which is called as "
            "scorer(estimator, X, y); make one of a metric by sklearn.metrics.make_scorer."
        )
        raise ValueError(msg)


def _name_of(function: Any) -> str:
    return getattr(function, "__name__", None) or shown(function)


def _readable(scorer: Any) -> str:
    """Return the name of a scorer, or its text if that holds no address in memory."""
    if isinstance(scorer, partial):
        return _readable(scorer.func)
    if getattr(type(scorer), "__repr__", None) is object.__repr__:
        return type(scorer).__name__
    return getattr(scorer, "__name__", None) or str(scorer)


def _same_optimum(scorer: Any, known: Any) -> bool:
    """Whether two scorers of the same metric have the same best value."""
    (sign, settings), (known_sign, _) = scorer_settings(scorer), scorer_settings(known)
    return sign == known_sign and settings.get("normalize", True) is not False


def _optimum(name: str) -> float | None:
    if name in _UNBOUNDED:
        return None
    return 0.0 if name.startswith("neg_") else 1.0
