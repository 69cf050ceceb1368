"""Restriction: which components a table leaves out, and which it makes smaller."""

from dataclasses import replace

import numpy as np
import pytest
from problems import TASKS, mixed_table, problem_of
from sklearn.linear_model import Ridge, SGDClassifier

from evolearn import Float, Integer, SearchSpace
from evolearn.cost.restriction import restrict
from evolearn.cost.seconds import expected_seconds
from evolearn.data import prepare_table
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.user_space import make_space
from evolearn.search.portfolio import portfolio


def _reasons(space):
    return dict(space.left_out)


def test_components_too_slow_for_the_table_are_left_out_by_rule():
    prepared, _ = mixed_table()
    large = replace(prepared.schema, n_rows=1_000_000)
    problem = replace(problem_of(prepared, "regression"), table=large, fit_limit=5.0)
    space = restrict(SearchSpace.default("regression"), problem)
    assert "gaussian_process" not in space.names
    assert "ridge" in space.names
    assert "expected to take" in _reasons(space)["gaussian_process"]


def test_what_is_too_slow_for_a_table_gets_smaller_before_it_is_left_out():
    prepared, _ = mixed_table()
    large = replace(prepared.schema, n_rows=40_000)
    problem = replace(problem_of(prepared, "regression"), table=large, fit_limit=2.0)
    space = restrict(SearchSpace.default("regression"), problem)
    whole = SearchSpace.default("regression")
    for name, parameter in (
        ("extra_trees", "n_estimators"),
        ("hist_gradient_boosting", "max_iter"),
    ):
        few, many = (s[name].parameters[parameter] for s in (space, whole))
        assert few.high <= many.high
        assert expected_seconds(space[name], problem) <= 2.0
    assert space["extra_trees"].parameters["n_estimators"].high < 200


@pytest.mark.parametrize("n_rows", [40_000, 44_500, 48_000, 100_000, 3_000_000])
@pytest.mark.parametrize("task", TASKS)
def test_every_size_of_table_has_a_space_and_a_portfolio(task, n_rows):
    prepared, _ = mixed_table()
    table = replace(prepared.schema, n_rows=n_rows)
    problem = replace(problem_of(prepared, task), table=table)
    for limit in (float("inf"), 10.0, 0.1):
        limited = replace(problem, fit_limit=limit)
        space = restrict(SearchSpace.default(task), limited)
        for fair in (float("inf"), 1.0, 1e-3):
            assert all(genome in space for genome in portfolio(space, limited, fair))


@pytest.mark.parametrize(
    ("name", "domains"),
    [
        ("random_forest", {"max_features": ["sqrt", 0.5]}),
        ("extra_trees", {"max_features": [None, 0.5]}),
        ("gradient_boosting", {"max_depth": [None, 3]}),
        ("hist_gradient_boosting", {"max_leaf_nodes": [None, 31]}),
        ("hist_gradient_boosting", {"learning_rate": Float(0.01, 0.1)}),
        ("multi_layer_perceptron", {"hidden_layer_sizes": [[64, 64], [32]]}),
    ],
)
def test_costs_do_not_mind_what_a_user_makes_of_a_parameter(name, domains):
    prepared, _ = mixed_table()
    table = replace(prepared.schema, n_rows=20_000)
    problem = replace(problem_of(prepared, "classification"), table=table, fit_limit=2.0)
    own = SearchSpace.default("classification").constrained(name, **domains)
    space = restrict(own, problem)
    genomes = portfolio(space, problem, 0.05)
    assert all(genome in space for genome in genomes)


def test_a_wide_table_is_not_spread_over_bins():
    X = np.random.default_rng(0).normal(size=(50, 150))
    problem = Problem("regression", prepare_table(X).schema)
    space = restrict(SearchSpace.default("regression"), problem)
    network = space["multi_layer_perceptron"]
    assert "embedding" not in network.parameters
    assert network.build(network.default()).embedding == "none"


def test_a_small_table_gets_no_more_trees_than_it_has_rows():
    small = Problem("regression", prepare_table(np.arange(200.0).reshape(100, 2)).schema)
    space = restrict(SearchSpace.default("regression"), small)
    assert space["extra_trees"].parameters["n_estimators"].high == 100
    assert space["hist_gradient_boosting"].parameters["max_iter"].high == 100
    genomes = portfolio(space, small)
    assert all(genome in space for genome in genomes)
    assert {g.estimator for g in genomes} == set(space.names)
    own = SearchSpace.default("regression").constrained(
        "extra_trees", n_estimators=Integer(500, 900)
    )
    chosen = restrict(own, small)["extra_trees"].parameters["n_estimators"]
    assert chosen == Integer(500, 900)


@pytest.mark.parametrize("task", TASKS)
def test_forests_of_a_large_table_have_larger_leaves_for_the_sake_of_their_size(task):
    schema = replace(prepare_table(np.ones((9, 4))).schema, n_rows=400_000)
    space = restrict(SearchSpace.default(task), Problem(task, schema, n_classes=2))
    nodes = 2 if task == "regression" else 1
    for genome in portfolio(space, Problem(task, schema, n_classes=2)):
        if genome.estimator in ("extra_trees", "random_forest"):
            values = dict(genome["estimator"].values)
            size = values["n_estimators"] * nodes * 400_000 / values["min_samples_leaf"] * 80
            assert size < 400 * 2**20
            assert genome in space


def test_of_components_that_are_all_too_slow_the_cheapest_stays():
    prepared, _ = mixed_table()
    problem = replace(problem_of(prepared, "regression"), fit_limit=1e-9)
    space = restrict(SearchSpace.default("regression"), problem)
    assert len(space.names) == 1
    every = SearchSpace.default("regression").names
    assert [n for n in space.left_out if n in every] == [
        n for n in every if n not in space.names
    ]


@pytest.mark.parametrize(
    ("changes", "absent", "reason"),
    [
        ({"weighted": True}, "nearest_neighbors", "no sample_weight"),
        ({"positive_target": False}, "log_target", "above -1"),
    ],
)
def test_unsuited_components_are_left_out_with_a_reason(changes, absent, reason):
    prepared, _ = mixed_table()
    problem = replace(problem_of(prepared, "regression"), **changes)
    space = restrict(SearchSpace.default("regression"), problem)
    assert reason in _reasons(space)[absent]


def test_a_class_with_few_rows_leaves_out_what_needs_a_full_rank():
    prepared, _ = mixed_table()
    for smallest, there in ((5, False), (50, True)):
        problem = problem_of(prepared, "classification", smallest_class=smallest)
        space = restrict(SearchSpace.default("classification"), problem)
        assert ("quadratic_discriminant_analysis" in space.names) is there


def test_a_space_with_nothing_for_the_task_is_refused_with_the_reasons():
    prepared, _ = mixed_table()
    problem = problem_of(prepared, "regression", responses=("predict_proba",))
    with pytest.raises(ValueError, match=r"no estimator.*ridge: it has no predict_proba"):
        restrict(SearchSpace.default("regression"), problem)


def test_early_stopping_is_off_where_no_stratified_part_can_be_held_out():
    prepared, _ = mixed_table()
    problem = problem_of(prepared, "classification", n_classes=3, smallest_class=1)
    space = restrict(SearchSpace.default("classification"), problem)
    boosting = space["hist_gradient_boosting"]
    assert boosting.prototype().early_stopping is False
    assert "early_stopping" not in boosting.parameters


def test_an_estimator_of_unknown_cost_is_never_left_out_as_too_slow():
    prepared, _ = mixed_table()
    problem = replace(problem_of(prepared, "regression"), fit_limit=1e-9)
    space = restrict(make_space([Ridge(), "decision_tree"], "regression"), problem)
    assert "Ridge" in space.names


def test_probabilities_are_looked_for_in_the_estimator_as_it_is_searched():
    prepared, _ = mixed_table()
    problem = problem_of(prepared, "classification", responses=("predict_proba",))
    given = [(SGDClassifier(), {"loss": ["log_loss", "modified_huber"]})]
    assert restrict(make_space(given, "classification"), problem).names == ("SGDClassifier",)
