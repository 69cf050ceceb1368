"""Transformations and selections of all columns."""

from random import Random

import numpy as np
import pytest
from scipy.sparse import csr_matrix

from evolearn import SearchSpace
from evolearn.cost.restriction import restrict
from evolearn.data import prepare_table
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.problem import Problem
from evolearn.search.variation import mutate, sample

TASKS = ("classification", "regression")


@pytest.mark.parametrize("spread", ["spline", "bins"])
def test_linear_models_follow_curves_behind_splines_and_steps_behind_bins(spread):
    X = np.random.default_rng(0).uniform(-3, 3, size=(200, 2))
    y = np.sin(2 * X[:, 0]) + np.abs(X[:, 1])
    problem = Problem("regression", prepare_table(X).schema)
    space = restrict(SearchSpace.default("regression"), problem)
    scores = [
        build_pipeline(
            space.genome({"estimator": "ridge", "transformer": one}), space, problem, 0
        )
        .fit(X, y)
        .score(X, y)
        for one in ("no_transformer", spread)
    ]
    assert scores[0] < 0.3
    assert scores[1] > 0.85
    assert spread not in space.slots_of("nearest_neighbors")["transformer"]
    wide = Problem("regression", prepare_table(np.tile(X, 51) ** np.arange(1, 103)).schema)
    assert "100 columns" in restrict(space, wide).left_out[spread]


@pytest.mark.parametrize("sparse", [False, True])
def test_a_random_projection_makes_fewer_columns_than_there_are(sparse):
    X = np.random.default_rng(0).normal(size=(60, 9))
    X = csr_matrix(X) if sparse else X
    problem = Problem("regression", prepare_table(X).schema)
    space = restrict(SearchSpace.default("regression"), problem)
    genome = space.genome({"estimator": "ridge", "transformer": "random_projection"})
    pipeline = build_pipeline(genome, space, problem, 0).fit(X, np.arange(60.0))
    assert pipeline[-1].n_features_in_ == 8
    narrow = Problem("regression", prepare_table(X[:, :3]).schema)
    reason = restrict(SearchSpace.default("regression"), narrow).left_out["random_projection"]
    assert "3 columns" in reason


@pytest.mark.parametrize("task", TASKS)
def test_a_selection_of_few_columns_is_of_one_at_least(task):
    X = np.random.default_rng(0).normal(size=(60, 2))
    problem = Problem(task, prepare_table(X).schema, n_classes=2, smallest_class=30)
    space = restrict(SearchSpace.default(task), problem)
    selector = "univariate" if task == "classification" else "univariate_regression"
    genome = space.genome(
        {
            "estimator": "nearest_neighbors",
            "mask": "masked",
            "masked__left_out": (1,),
            "selector": selector,
            f"{selector}__percentile": 10,
        }
    )
    y = np.arange(60.0) if task == "regression" else np.arange(60) % 2
    assert build_pipeline(genome, space, problem, 0).fit(X, y)[-1].n_features_in_ == 1


def test_bins_and_projections_are_seldom_tried():
    X = np.random.default_rng(0).normal(size=(60, 9))
    problem = Problem("regression", prepare_table(X).schema)
    space = restrict(SearchSpace.default("regression"), problem)
    rng = Random(0)

    def share(genomes):
        seldom = {"bins", "random_projection"}
        return np.mean([g["transformer"].component in seldom for g in genomes])

    drawn = [sample(space, rng, estimator="ridge") for _ in range(1000)]
    assert 0.02 < share(drawn) < 0.15
    children = [mutate(space.genome({"estimator": "ridge"}), space, rng) for _ in range(4000)]
    moved = [c for c in children if c.estimator == "ridge"]
    moved = [c for c in moved if c["transformer"].component != "no_transformer"]
    assert 0.03 < share(moved) < 0.2
    only = space.without("no_transformer", "pca", "polynomial", "spline")
    assert share([sample(only, rng, estimator="ridge") for _ in range(20)]) == 1.0
