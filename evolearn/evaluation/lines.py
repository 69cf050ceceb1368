"""Learners trained from where their parents stood in the same fold, or the whole line anew."""

import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator

from evolearn.evaluation.fold_models import load_models
from evolearn.space.express import fit_weights


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
        start = {} if parent is None else {"parent": fitted_within(parent)}
        learner.fit(X, y, **fit_weights(learner, weights), **start)
        parent = learner


def fitted_within(learner: Any) -> Any:
    """Return the fitted learner within a pipeline's last step."""
    return getattr(learner, "regressor_", learner)  # of a transformed target
