"""Learners trained from where their parents stood in the same fold, or the whole line anew."""

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.utils.validation import has_fit_parameter

from evolearn.evaluation.fold_models import load_models
from evolearn.pipeline.sample_weights import fit_weights


def parents_of(path: Path | None) -> list[Any] | None:
    """Return the last steps of a parent's fold models, one per fold.

    None if they are not there: they may have given way to others just now. Then the line is
    trained again, from the same seeds and on the same rows, and comes to the same.
    """
    if path is None:
        return None
    try:
        models = load_models(path)
    except (OSError, EOFError, pickle.UnpicklingError):  # whatever it is must not matter
        return None
    return [model.steps[-1][1] for model in models]


def fit_line(
    pipelines: Sequence[BaseEstimator], X: Any, y: Any, weights: Any, parent: Any = None
) -> BaseEstimator:
    """Fit the last of some pipelines, which starts from what those before it have learned.

    Parameters
    ----------
    pipelines : sequence of estimator
        All with the same steps but the last.
    X, y, weights : array-like
        Training rows.
    parent : fitted estimator, default=None
        The last step that the first one starts from; None: from nothing.

    Returns
    -------
    estimator
        The last one, fitted.
    """
    last = pipelines[-1]
    if len(pipelines) == 1 and parent is None:
        return last.fit(X, y, **fit_weights(last, weights))
    for _, step in last.steps[:-1]:
        X = step.fit_transform(X, y)
    train_line([p.steps[-1][1] for p in pipelines], X, y, weights, parent)
    return last


def train_line(
    learners: Sequence[BaseEstimator], X: Any, y: Any, weights: Any, parent: Any = None
) -> None:
    """Fit the last steps of pipelines one after the other, each from where the one before is.

    Parameters
    ----------
    learners : sequence of estimator
    X, y, weights : array-like
        Prepared rows, which are the same for all of them.
    parent : fitted estimator, default=None
        What the first one starts from; None: from nothing.
    """
    for learner in learners:
        given = fit_weights(learner, weights)
        if parent is None:
            learner.fit(X, y, **given)
        elif has_fit_parameter(getattr(learner, "regressor", learner), "parent"):
            learner.fit(X, y, **given, parent=fitted_within(parent))
        else:
            _go_on(learner, parent, X, y, given)
        parent = learner


def _go_on(learner: Any, parent: Any, X: Any, y: Any, given: Mapping[str, Any]) -> None:
    """Add the rounds that boosting has more than its parent, whose own become its own.

    It comes to what it would have come to with all rounds at once, its parent's random state,
    and another learning rate from here on.
    """
    _take_over(learner, parent)
    if isinstance(learner, TransformedTargetRegressor):
        y = learner.transformer_.transform(y.reshape(-1, 1)).ravel()
        learner.regressor_ = _take_over(clone(learner.regressor), parent.regressor_)
    boosting = fitted_within(learner)
    # It must not go on once more when its user fits it on other rows.
    boosting.set_params(warm_start=True).fit(X, y, **given).set_params(warm_start=False)


def _take_over(learner: Any, parent: Any) -> Any:
    """Return an unfitted learner with all that another one has learned: all but parameters."""
    parameters = learner.get_params(deep=False)
    vars(learner).update(vars(parent))
    return learner.set_params(**parameters)


def fitted_within(learner: Any) -> Any:
    """Return the fitted learner within a pipeline's last step."""
    return getattr(learner, "regressor_", learner)  # of a transformed target
