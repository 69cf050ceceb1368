"""The portfolio: the first candidates of a search."""

import numpy as np
import pytest
from problems import TASKS, mixed_table, problem_of

from evolearn import SearchSpace
from evolearn.cost.restriction import restrict
from evolearn.cost.seconds import expected_seconds
from evolearn.data import prepare_table
from evolearn.pipeline.portfolio_entries import portfolio_entries
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.user_space import make_space
from evolearn.search.portfolio import portfolio


def test_entries_of_the_portfolio_take_no_more_than_their_shares():
    schema = prepare_table(np.random.default_rng(0).normal(size=(20_000, 8))).schema
    problem = Problem("regression", schema, fit_limit=20.0)
    space = restrict(SearchSpace.default("regression"), problem)
    thrifty = portfolio(space, problem, fair_seconds=0.5)

    def longest(genomes):
        boosted = [g for g in genomes if g.estimator == "hist_gradient_boosting"]
        return max(
            expected_seconds(space[g.estimator], problem, g["estimator"]) for g in boosted
        )

    assert longest(thrifty) <= 2.1
    assert longest(portfolio(space, problem)) > 3.0
    assert all(genome in space for genome in thrifty)


@pytest.mark.parametrize("task", TASKS)
def test_the_portfolio_starts_with_its_baseline_and_lies_in_the_space(task):
    prepared, _ = mixed_table()
    problem = problem_of(prepared, task)
    space = restrict(SearchSpace.default(task), problem)
    genomes = portfolio(space, problem)
    assert genomes[0].estimator == portfolio_entries(task)[0]["estimator"]
    assert all(genome in space for genome in genomes)
    assert len(set(genomes)) == len(genomes)
    assert {genome.estimator for genome in genomes} == set(space.names)
    # Every entry of the data can be built: none is dropped for a misspelt name or value.
    there = [entry for entry in portfolio_entries(task) if entry["estimator"] in space.names]
    assert len(genomes) >= len(there)


def test_the_baseline_of_another_space_is_its_cheapest_estimator():
    prepared, _ = mixed_table()
    problem = problem_of(prepared, "regression")
    space = restrict(make_space(["random_forest", "decision_tree"], "regression"), problem)
    assert portfolio(space, problem)[0].estimator == "decision_tree"
