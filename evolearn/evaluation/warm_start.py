"""Warm starts: learners that continue from their parent's fitted model."""

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.utils.validation import has_fit_parameter

from evolearn.evaluation.fold_models import load_models
from evolearn.tasks.sample_weights import fit_weights


def load_parents(path: Path | None) -> list[Any] | None:
    """Load the last steps of a parent's fold models, one per fold.

    None if the file is gone, perhaps deleted just now to make room for others. Then the lineage
    is trained again from the same seeds and on the same rows, with the same result.
    """
    if path is None:
        return None
    try:
        models = load_models(path)
    except (OSError, EOFError, pickle.UnpicklingError):  # a damaged file is as good as none
        return None
    return [model.steps[-1][1] for model in models]


def fit_lineage(
    pipelines: Sequence[BaseEstimator], X: Any, y: Any, weights: Any, parent: Any = None
) -> BaseEstimator:
    """Fit pipelines one after the other, each starting from the one before; return the last.

    They differ in their last step alone. The first one starts from `parent`, a fitted last
    step, if there is one.
    """
    last = pipelines[-1]
    if len(pipelines) == 1 and parent is None:
        return last.fit(X, y, **fit_weights(last, weights))
    for _, step in last.steps[:-1]:
        X = step.fit_transform(X, y)
    train_lineage([p.steps[-1][1] for p in pipelines], X, y, weights, parent)
    return last


def train_lineage(
    learners: Sequence[BaseEstimator], X: Any, y: Any, weights: Any, parent: Any = None
) -> None:
    """Fit the last steps of such pipelines on prepared rows, as `fit_lineage` does."""
    for learner in learners:
        given = fit_weights(learner, weights)
        if parent is None:
            learner.fit(X, y, **given)
        elif has_fit_parameter(getattr(learner, "regressor", learner), "parent"):
            learner.fit(X, y, **given, parent=fitted_learner(parent))
        else:
            continue_boosting(learner, parent, X, y, given)
        parent = learner


def continue_boosting(
    learner: Any, parent: Any, X: Any, y: Any, given: Mapping[str, Any]
) -> None:
    """Continue the parent's boosting; fit only the additional rounds.

    The result is the same as with all rounds at once, the parent's random state, and another
    learning rate from here on.
    """
    _copy_state(parent, learner)
    if isinstance(learner, TransformedTargetRegressor):
        y = learner.transformer_.transform(y.reshape(-1, 1)).ravel()
        learner.regressor_ = _copy_state(parent.regressor_, clone(learner.regressor))
    boosting = fitted_learner(learner)
    # Later calls of `fit`, by the user on other rows, must start from scratch.
    boosting.set_params(warm_start=True).fit(X, y, **given).set_params(warm_start=False)


def _copy_state(fitted: Any, learner: Any) -> Any:
    """Return the unfitted learner with the fitted state of another one, its own parameters."""
    parameters = learner.get_params(deep=False)
    vars(learner).update(vars(fitted))
    return learner.set_params(**parameters)


def fitted_learner(step: Any) -> Any:
    """Return the fitted learner in a last step, which may also transform the target."""
    return getattr(step, "regressor_", step)
