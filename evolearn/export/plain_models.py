"""Fitted models as estimators of scikit-learn alone, whose pickles need no evolearn."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.ensemble import VotingClassifier, VotingRegressor
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer, LabelEncoder
from sklearn.utils import Bunch

from evolearn.data import ColumnPreparer
from evolearn.export.plain_steps import (
    NoPlainForm,
    NoPlainTable,
    plain_form,
    plain_table,
    types_of_evolearn,
)
from evolearn.messages import shown
from evolearn.tasks.ensembles import MemberEnsemble
from evolearn.tasks.pooling import LEAST_PROBABILITY


def to_sklearn(model: Any, candidate: Any = None) -> BaseEstimator:
    """Return a fitted estimator of scikit-learn; see ``to_sklearn`` of the estimators."""
    if candidate is None:
        try:
            return plain_model(model.estimator_)
        except NoPlainForm as error:
            raise ValueError(_refusal(model, "The model", error)) from error
    if isinstance(candidate, BaseEstimator):
        chosen, subject = candidate, "The pipeline"
    elif candidate in model._of_search("_kept_models"):
        chosen, subject = model._kept_models[candidate].served, f"Candidate {candidate}"
    else:
        raise ValueError(
            f"Candidate {shown(candidate)} was not kept by fit, which kept "
            f"{', '.join(map(str, sorted(model._kept_models)))}; fit it again and pass the "
            f"pipeline: model.to_sklearn(candidate=model.refit({shown(candidate)}, X, y))."
        )
    try:
        return plain_model(chosen)
    except NoPlainForm as error:
        raise ValueError(_refusal(model, subject, error)) from error


def plain_model(model: Any) -> BaseEstimator:
    """Return the plain form of an ensemble or of a pipeline, as its pickle proves.

    Raises
    ------
    NoPlainForm
        If a part has no plain form.
    """
    plain = _plain_ensemble(model) if isinstance(model, MemberEnsemble) else _plain(model)
    names = types_of_evolearn(plain)
    if names:
        raise NoPlainForm(", ".join(sorted(names)))
    return plain


def _plain(model: Any) -> BaseEstimator:
    """Return the plain form of a pipeline, which may begin with a preparer."""
    if not isinstance(model, Pipeline):
        return plain_form(model)
    steps = []
    for name, step in model.steps:
        plain = plain_table(step) if isinstance(step, ColumnPreparer) else plain_form(step)
        if plain is not None:
            steps.append((name, plain))
    return Pipeline(steps)


def _plain_ensemble(ensemble: MemberEnsemble) -> BaseEstimator:
    step, members = ensemble._now("step"), ensemble._now("members")
    if step is not None and not isinstance(step, ColumnPreparer):
        raise NoPlainForm("a stacking layer, which has no form in scikit-learn")
    table = None if step is None else plain_table(step)
    # Members that take the table as it came stand beside the reading of the table, not behind.
    all_read = not any(whole for _, whole in members)
    models = [
        _plain(model)
        if whole or all_read or table is None
        else Pipeline([("prepare", table), ("model", _plain(model))])
        for model, whole in members
    ]
    pooled = models[0] if len(models) == 1 else _pool(ensemble, models)
    if table is None or not all_read:
        return pooled
    return Pipeline([("prepare", table), ("model", pooled)])


def _pool(ensemble: Any, models: list[BaseEstimator]) -> BaseEstimator:
    named = [(f"model{number}", model) for number, model in enumerate(models)]
    weights = np.asarray(ensemble._now("weights"), dtype=np.float64)
    if hasattr(ensemble, "classes_"):
        factors = ensemble._now("sharpness") * weights
        return _logarithmic_pool(named, factors, ensemble.classes_)
    vote = VotingRegressor(named, weights=weights)
    vote.estimators_, vote.named_estimators_ = models, Bunch(**dict(named))
    return vote


def _logarithmic_pool(
    named: list[tuple[str, Any]], factors: NDArray[np.float64], classes: NDArray[Any]
) -> Pipeline:
    """Return a pipeline that adds up the logarithms of probabilities, times these factors.

    A logistic regression with these coefficients makes probabilities of the sums again.
    """
    for name, model in named:
        if not np.array_equal(getattr(model, "classes_", ()), classes):
            raise NoPlainForm(f"{name}, which does not know all classes")
    vote = VotingClassifier(named, voting="soft")
    vote.estimators_, vote.named_estimators_ = [one for _, one in named], Bunch(**dict(named))
    vote.le_, vote.classes_ = LabelEncoder().fit(classes), classes
    n_classes = len(classes)
    # The columns are the classes of the first model, then those of the second one.
    coefficients = np.hstack([factor * np.eye(n_classes) for factor in factors])
    if n_classes == 2:
        coefficients = coefficients[1:] - coefficients[:1]
    pool = LogisticRegression()
    pool.classes_, pool.coef_ = classes, coefficients
    pool.intercept_ = np.zeros(len(coefficients))
    pool.n_features_in_ = coefficients.shape[1]
    at_least = {"a_min": LEAST_PROBABILITY, "a_max": None}
    return Pipeline(
        [
            ("members", vote),
            ("at_least", FunctionTransformer(np.clip, kw_args=at_least)),
            ("logarithm", FunctionTransformer(np.log)),
            ("pool", pool),
        ]
    )


def _refusal(model: Any, subject: str, error: NoPlainForm) -> str:
    """Return the message of a model without a plain form, with the best that has one."""
    message = f"{subject} cannot be made of scikit-learn alone, because of {error}."
    results = model.cv_results_
    errors = dict(zip(results["candidate"].tolist(), results["fitness"].tolist(), strict=True))
    for number in sorted(model._kept_models, key=lambda one: errors[one]):
        try:
            plain_model(model._kept_models[number].served)
        except NoPlainForm:
            continue
        return (
            f"{message} The best kept candidate that can is {number}, with an error of "
            f"{errors[number]:.4g} in place of {model.ensemble_fitness_:.4g}: call "
            f"to_sklearn(candidate={number})."
        )
    if isinstance(error, NoPlainTable):
        return (
            f"{message} All candidates read it so: call to_code(), or fit again with "
            f"kinds={{{shown(error.column)}: 'drop'}}."
        )
    return (
        f"{message} No kept candidate can; refit another one of leaderboard_ and pass it: "
        "to_sklearn(candidate=model.refit(number, X, y))."
    )
