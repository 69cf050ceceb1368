"""The only module that knows scikit-learn's private or version-dependent names."""

import copy
import numbers
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np
import sklearn
from sklearn.base import _fit_context
from sklearn.model_selection import KFold, StratifiedKFold
from sklearn.preprocessing import TargetEncoder
from sklearn.utils._param_validation import (
    HasMethods,
    Interval,
    StrOptions,
    validate_parameter_constraints,
)
from sklearn.utils.fixes import parse_version
from sklearn.utils.metaestimators import available_if as _available_if
from sklearn.utils.validation import _check_feature_names_in as feature_names_in
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

try:
    from sklearn.callback import CallbackSupportMixin, ProgressBar, with_callbacks
except ImportError:  # before scikit-learn 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Mixin without callbacks: this version of scikit-learn has none."""

    def with_callbacks(method: Any) -> Any:
        """Return the method as it is."""
        return method

    ProgressBar = None

Method = TypeVar("Method", bound=Callable[..., Any])

SKLEARN_VERSION = parse_version(sklearn.__version__)

__all__ = [
    "CallbackSupportMixin",
    "HasMethods",
    "Interval",
    "StrOptions",
    "available_if",
    "check_sample_weight",
    "feature_names_in",
    "fit_context",
    "has_progress_bar",
    "open_callback_context",
    "parse_version",
    "scorer_function",
    "scorer_response",
    "scorer_settings",
    "scorer_with_settings",
    "seeded_target_encoder",
    "validate_parameter_constraints",
    "with_callbacks",
    "with_preprocessor",
]


def fit_context(*, prefer_skip_nested_validation: bool) -> Callable[[Method], Method]:
    """Validate the parameters before ``fit``; type checkers see the method as it is."""
    decorator: Callable[[Method], Method] = _fit_context(
        prefer_skip_nested_validation=prefer_skip_nested_validation
    )
    return decorator


def available_if(check: Callable[[Any], bool]) -> Callable[[Method], Method]:
    """Make a method available under a condition; type checkers see the method as it is."""
    decorator: Callable[[Method], Method] = _available_if(check)
    return decorator


def seeded_target_encoder(
    encoder: TargetEncoder, seed: int, *, classification: bool
) -> dict[str, Any]:
    """Return the parameters that make a TargetEncoder draw its folds from `seed`.

    Since 1.9 the seed goes into a splitter; without one the folds come from NumPy's global
    generator. Before, only a number of folds was taken. What the user has set stays, and
    what does not shuffle needs no seed.
    """
    set_already = isinstance(encoder.random_state, numbers.Integral | np.random.RandomState)
    if set_already or encoder.shuffle is False:
        return {}
    if parse_version("1.9") > SKLEARN_VERSION:
        return {"random_state": seed}
    if not isinstance(encoder.cv, numbers.Integral):
        return {}
    splitter = StratifiedKFold if classification else KFold
    return {"cv": splitter(encoder.cv, shuffle=True, random_state=seed)}


def scorer_function(scorer: Any) -> Callable[..., Any] | None:
    """Return the metric inside a scorer made by ``make_scorer``, None for other scorers."""
    return getattr(scorer, "_score_func", None)


def scorer_settings(scorer: Any) -> tuple[int, dict[str, Any]]:
    """Return the sign of a scorer made by ``make_scorer``, and its metric's settings."""
    return scorer._sign, scorer._kwargs


def scorer_with_settings(scorer: Any, **settings: Any) -> Any:
    """Return a scorer made by ``make_scorer`` with more settings of its metric."""
    changed = copy.copy(scorer)
    changed._kwargs = {**scorer._kwargs, **settings}
    return changed


def scorer_response(scorer: Any) -> tuple[str, ...]:
    """Return the prediction methods one of which a scorer needs, () if it does not say."""
    method = getattr(scorer, "_response_method", ())
    return (method,) if isinstance(method, str) else tuple(method)


def open_callback_context(estimator: Any, most_candidates: int | None) -> Any:
    """Set up the callbacks of an estimator; return its root context, None without callbacks.

    `with_callbacks` around the method that calls this tears them down. `most_candidates` is the
    largest number of subtasks, None if it is not known.
    """
    if not getattr(estimator, "_skl_callbacks", None):
        return None
    return estimator._init_callback_context(
        max_subtasks=most_candidates, sequential_subtasks=False
    )


def has_progress_bar(estimator: Any) -> bool:
    """Whether scikit-learn's own progress bar shows an estimator or one that contains it."""
    if ProgressBar is None:
        return False
    callbacks = list(getattr(estimator, "_skl_callbacks", ()))
    context = getattr(estimator, "_parent_callback_ctx", None)
    while context is not None:
        callbacks.extend(context._callbacks)
        context = context.parent
    return any(isinstance(callback, ProgressBar) for callback in callbacks)


def with_preprocessor(boosting: Any, change: Callable[[Any], Any]) -> Any:
    """Return histogram gradient boosting whose fitted encoder of categories is changed.

    It is the same model if there is none.
    """
    encoder = getattr(boosting, "_preprocessor", None)
    if encoder is None:
        return boosting
    other = copy.copy(boosting)
    other._preprocessor = change(encoder)
    return other
