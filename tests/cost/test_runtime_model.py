import numpy as np
import pytest

from evolearn import SearchSpace
from evolearn.cost.restriction import restrict
from evolearn.cost.runtime_model import RuntimeModel
from evolearn.cost.seconds import expected_seconds
from evolearn.data import prepare_table
from evolearn.evaluation.tasks import Evaluation
from evolearn.pipeline.problem import Problem
from evolearn.search.portfolio import portfolio


@pytest.fixture
def problem():
    return Problem(
        "regression", prepare_table(np.random.default_rng(0).normal(size=(2_000, 8))).schema
    )


@pytest.fixture
def space(problem):
    return restrict(SearchSpace.default("regression"), problem)


def forest(space, n_estimators):
    named = {"estimator": "extra_trees", "extra_trees__n_estimators": n_estimators}
    return space.genome(named)


def took(*seconds):
    return Evaluation((0.0,) * 5, "scored", 1.0, seconds, (0.0,) * len(seconds))


def observe(model, genome, evaluation):
    model.observe(genome, evaluation.fold_seconds, retrained=evaluation.retrained)


def test_seconds_grow_with_what_a_genome_asks_for(space, problem):
    model = RuntimeModel(space, problem, 5)
    observe(model, forest(space, 100), took(1.0, 1.0, 1.0, 1.0, 1.0))
    assert model.predicted(forest(space, 100)) == pytest.approx(5.0)
    assert model.predicted(forest(space, 300)) == pytest.approx(15.0)


def test_folds_that_were_not_run_count_as_those_that_were(space, problem):
    model = RuntimeModel(space, problem, 5)
    observe(model, forest(space, 100), took(1.0, 3.0))
    assert model.predicted(forest(space, 100)) == pytest.approx(10.0)


def test_a_slow_machine_is_slow_for_estimators_that_were_not_seen_yet(space, problem):
    ridge = space.genome({"estimator": "ridge"})
    model = RuntimeModel(space, problem, 5)
    assert model.predicted(forest(space, 100)) == 0  # nothing is known yet

    def by_law(genome):
        return expected_seconds(space[genome.estimator], problem, genome["estimator"])

    observe(model, ridge, took(*[3 * by_law(ridge)] * 5))
    expected = 5 * by_law(forest(space, 100))
    assert model.predicted(forest(space, 100)) == pytest.approx(3 * expected)


def test_what_takes_more_than_its_share_lets_others_of_the_portfolio_pass(space, problem):
    anyhow = portfolio(space, problem)
    assert portfolio(space, problem, fair_seconds=1e6) == anyhow
    hurried = portfolio(space, problem, fair_seconds=0.02)
    assert {g.estimator for g in hurried} == {g.estimator for g in anyhow}
    assert hurried[0] == anyhow[0]

    def early(genomes):
        return np.mean(
            [expected_seconds(space[g.estimator], problem, g["estimator"]) for g in genomes[:8]]
        )

    assert early(hurried) < 0.5 * early(anyhow)
