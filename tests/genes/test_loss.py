"""The loss that models of numbers minimise, and metrics of positive predictions."""

import numpy as np
import pytest
from sklearn.metrics import (
    get_scorer,
    make_scorer,
    mean_gamma_deviance,
    mean_poisson_deviance,
    mean_tweedie_deviance,
)

from evolearn import EvolutionaryRegressor, SearchSpace
from evolearn.cost.restriction import restrict
from evolearn.data import prepare_table
from evolearn.genes.loss import LOSS, OWN_LOSS
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.registry import registered_families
from evolearn.tasks import Regression
from evolearn.tasks.scoring import make_objective

FAMILIES = [
    family.name
    for family in registered_families()
    if family.details.get("losses") and family.is_usable
]
FAST = {"time_budget": None, "random_state": 0, "verbose": 0, "cv": 3}


def counted(n=300, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, 3))
    return X, rng.poisson(np.exp(0.8 * X[:, 0] - 0.5)).astype(np.float64)


def space_for(y, metric_loss=""):
    X, _ = counted(len(y))
    facts = Regression().facts(y, None)
    problem = Problem(
        task="regression",
        table=prepare_table(X).schema,
        positive_target=facts.positive_target,
        counts=facts.counts,
        metric_loss=metric_loss,
    )
    return X, problem, restrict(SearchSpace.default("regression"), problem)


@pytest.mark.parametrize(
    ("scoring", "loss"),
    [
        ("neg_mean_poisson_deviance", "poisson"),
        ("neg_mean_gamma_deviance", "gamma"),
        ("neg_mean_absolute_error", "absolute_error"),
        ("neg_median_absolute_error", "absolute_error"),
        ("neg_mean_absolute_percentage_error", "absolute_error"),
        (make_scorer(mean_tweedie_deviance, greater_is_better=False, power=1), "poisson"),
        (make_scorer(mean_tweedie_deviance, greater_is_better=False, power=2), "gamma"),
        (make_scorer(mean_tweedie_deviance, greater_is_better=False, power=1.5), ""),
        ("neg_root_mean_squared_error", ""),
        ("r2", ""),
        (lambda model, X, y: 0.0, ""),
    ],
)
def test_the_loss_of_a_metric(scoring, loss):
    assert make_objective(scoring).loss == loss


@pytest.mark.parametrize("loss", ["poisson", "gamma", "absolute_error"])
@pytest.mark.parametrize("name", FAMILIES)
def test_a_model_minimises_the_loss_of_the_metric(name, loss):
    _, y = counted()
    X, problem, space = space_for(y + 0.5, loss)
    offered = space.slots_of(name).get(LOSS, ())
    if loss not in next(c for c in space.estimators if c.name == name).losses:
        assert not offered
        return
    assert offered[0] == loss
    genome = space.genome({"estimator": name})
    few = dict.fromkeys(("max_iter", "n_estimators", "iterations"), 5)
    model = build_pipeline(genome, space, problem, 0)
    estimator = model[-1]
    estimator.set_params(**{k: v for k, v in few.items() if k in estimator.get_params()})
    own = build_pipeline(space.genome({"estimator": name, LOSS: OWN_LOSS}), space, problem, 0)
    assert str(estimator.get_params()) != str(own[-1].get_params())
    predictions = np.ravel(model.fit(X, y + 0.5).predict(X))
    assert np.isfinite(predictions).all()
    if loss != "absolute_error":
        assert predictions.min() > 0


def test_counts_are_tried_with_the_poisson_loss_whatever_the_metric():
    _, y = counted()
    _, _, space = space_for(y)
    assert space.slots_of("hist_gradient_boosting")[LOSS] == (OWN_LOSS, "poisson")
    _, _, others = space_for(y + 0.5)
    assert LOSS not in others.slots_of("hist_gradient_boosting")
    assert (
        others.left_out["poisson"]
        == "the target is no count, and the metric no Poisson deviance"
    )


def test_a_transformed_target_keeps_its_own_loss():
    _, y = counted()
    X, problem, space = space_for(y, "poisson")
    genome = space.genome({"estimator": "hist_gradient_boosting", "target": "power_target"})
    model = build_pipeline(genome, space, problem, 0)
    assert model[-1].regressor.loss == "squared_error"
    assert np.isfinite(model.fit(X, y).predict(X)).all()


@pytest.mark.parametrize("final_model", ["ensemble", "single"])
@pytest.mark.parametrize("metric", [mean_poisson_deviance, mean_gamma_deviance])
def test_predictions_suit_a_metric_of_positive_ones(metric, final_model):
    X, y = counted()
    y = y if metric is mean_poisson_deviance else y + 0.1
    model = EvolutionaryRegressor(
        scoring=f"neg_{metric.__name__}",
        n_evaluations=6,
        search_space=["ridge", "hist_gradient_boosting"],
        final_model=final_model,
        **FAST,
    ).fit(X[:200], y[:200])
    assert set(model.cv_results_["status"]) <= {"scored", "raced"}
    far = 100 * X[200:]  # lines go far below zero there
    assert model.predict(far).min() > 0
    assert metric(y[200:], model.predict(X[200:])) > 0
    assert model.score(X[200:], y[200:]) == pytest.approx(
        get_scorer(f"neg_{metric.__name__}")(model, X[200:], y[200:])
    )
    assert (model.predict_interval(X[200:]) >= 0).all()


def test_a_negative_target_has_no_poisson_deviance():
    X, y = counted()
    model = EvolutionaryRegressor(scoring="neg_mean_poisson_deviance", n_evaluations=2, **FAST)
    with pytest.raises(ValueError, match="cannot score this target"):
        model.fit(X, y - 1)


def test_other_metrics_do_not_change_predictions():
    X, y = counted()
    model = EvolutionaryRegressor(n_evaluations=2, search_space=["ridge"], **FAST).fit(X, y)
    assert model.predict(100 * X).min() < 0
