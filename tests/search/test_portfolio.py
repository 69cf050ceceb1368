"""The portfolio: the first candidates of a search."""

import numpy as np
import pytest

from evolearn import SearchSpace
from evolearn.cost.restriction import restrict
from evolearn.cost.seconds import expected_seconds
from evolearn.data import prepare_table
from evolearn.pipeline.portfolio_entries import portfolio_entries
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.user_space import make_space
from evolearn.search.portfolio import portfolio

TASKS = ("classification", "regression")


def mixed_table(n_rows=120):
    """A table with missing numbers, categories and a target of each task."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(n_rows, 3))
    numbers[rng.random(numbers.shape) < 0.1] = np.nan
    words = rng.choice(["red", "green", "blue"], n_rows)
    table = np.empty((n_rows, 4), dtype=object)
    table[:, :3], table[:, 3] = numbers, words
    target = 10 + np.nan_to_num(numbers[:, 0]) + (words == "red")
    return prepare_table(table), target


def problem_of(prepared, task, **changes):
    classes = {"n_classes": 2, "smallest_class": 50} if task == "classification" else {}
    return Problem(task, prepared.schema, positive_target=True, **(classes | changes))


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
