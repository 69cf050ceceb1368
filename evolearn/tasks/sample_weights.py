"""Sample weights: the fit parameter by which an estimator takes them."""

from collections.abc import Mapping
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

# Estimators that pass sample weights on to the estimators they are made of.
STACKS = StackingClassifier | StackingRegressor
VOTES = VotingClassifier | VotingRegressor


def weight_parameter(estimator: BaseEstimator) -> str | None:
    """Return the fit parameter of an estimator for sample weights, None if there is none."""
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        inner = weight_parameter(last)
        return f"{name}__{inner}" if inner else None
    if isinstance(estimator, TransformedTargetRegressor):
        # Its fit has no parameter for weights, but passes all of them on to the regressor.
        inner_model = estimator.regressor
        return weight_parameter(LinearRegression() if inner_model is None else inner_model)
    if isinstance(estimator, GridSearchCV | RandomizedSearchCV):
        return weight_parameter(estimator.estimator)
    if isinstance(estimator, VOTES | STACKS):
        # These pass weights on to all members, under this one name.
        members = [member for _, member in estimator.estimators if member != "drop"]
        if isinstance(estimator, STACKS) and estimator.final_estimator is not None:
            members.append(estimator.final_estimator)
        takers = {weight_parameter(member) for member in members}
        return "sample_weight" if takers == {"sample_weight"} else None
    return "sample_weight" if has_fit_parameter(estimator, "sample_weight") else None


def fit_weights(pipeline: BaseEstimator, sample_weight: Any) -> Mapping[str, Any]:
    """Return the fit parameters that pass sample weights to the last step of a pipeline."""
    if sample_weight is None:
        return {}
    name = weight_parameter(pipeline)
    return {name: sample_weight} if name else {}
