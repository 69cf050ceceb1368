"""What the memory rule makes of large tables; here tables are large from one byte on."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor, SearchSpace
from evolearn.cost.memory import (
    fit_bytes,
    memory_of,
    refit_factor,
    refit_rows,
    refits_alone,
)
from evolearn.cost.restriction import restrict
from evolearn.data import prepare_table
from evolearn.evaluation.folds import draw_rows, make_folds, sampled_folds
from evolearn.pipeline.problem import Problem
from evolearn.tasks import Classification

N_ROWS = 400
CLASSES = Classification(np.arange(3))


def problem_of(n_columns, *, categories=0, training_share=0.2, n_rows=1_000_000):
    X = np.random.default_rng(0).normal(size=(50, n_columns))
    table = replace(
        prepare_table(X).schema,
        n_rows=n_rows,
        n_numeric=n_columns - categories,
        cardinalities=(16,) * categories,
    )
    return Problem(
        "regression",
        table,
        row_bytes=8.0 * n_columns,
        memory=memory_of(8 * n_columns * n_rows),
        training_rows=int(training_share * n_rows),
    )


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    share=st.floats(0.1, 1.2),
    seed=st.integers(0, 9),
)
def test_drawn_rows_have_every_class_in_its_share(counts, share, seed):
    y = np.repeat(np.arange(len(counts)), counts)
    rows = np.arange(3, len(y) + 3)  # positions need not start at zero
    wanted = max(len(counts), int(share * len(y)))
    drawn = draw_rows(rows, wanted, np.r_[0, 0, 0, y], task=CLASSES, seed=seed)
    assert len(drawn) == min(wanted, len(rows))
    assert (np.diff(drawn) > 0).all()
    assert set(drawn) <= set(rows)
    found = np.bincount(y[drawn - 3], minlength=len(counts))
    assert (found >= 1).all()
    # One row of each class comes first, which may cost others a row for every class there is.
    expected = np.array(counts) * len(drawn) / len(y)
    assert (found <= expected + 1).all()
    assert (found >= expected - len(counts)).all()


def test_sampled_folds_train_and_score_on_parts_of_their_rows():
    y = np.arange(60_000) % 3
    full = make_folds(None, y, y, None, task=CLASSES, default_folds=3, seed=0)
    folds = sampled_folds(full, 2_000, y, task=CLASSES, seed=0)
    assert len(folds) == len(full) == 3
    for i in range(3):
        assert len(folds.train[i]) == 2_000
        assert len(folds.test[i]) == 10_000
        assert set(folds.train[i]) <= set(full.train[i])
        assert set(folds.test[i]) <= set(full.test[i])


def test_what_would_hold_too_much_is_left_out_of_a_large_table():
    space = restrict(SearchSpace.default("regression"), problem_of(30))
    assert {"hist_gradient_boosting", "ridge"} <= set(space.names)
    for name in ("random_forest", "extra_trees", "kernel_approximation"):
        assert "MiB are the limit" in space.left_out[name]
    assert "so large a table" in space.left_out["polynomial"]
    assert "so large a table" in space.left_out["pca"]


def test_what_has_room_for_some_of_it_gets_smaller():
    wide = problem_of(300, n_rows=100_000)
    space = restrict(SearchSpace.default("regression"), wide)
    features = space["kernel_approximation"].parameters["map__n_components"]
    assert features.low < features.high < 600
    component = space["kernel_approximation"]
    assert fit_bytes(component, wide) <= wide.memory


def test_wide_encodings_are_left_out_of_a_large_table():
    space = restrict(SearchSpace.default("regression"), problem_of(50, categories=20))
    assert "so large a table" in space.left_out["one_hot"]
    assert space.slots_of("ridge")["encoder"] == ("target_mean",)


def test_a_small_table_knows_no_memory_rule():
    space = restrict(SearchSpace.default("regression"), problem_of(30, n_rows=1000))
    assert not any("MiB" in reason for reason in space.left_out.values())


@pytest.mark.parametrize(
    ("params", "n_rows", "expected"),
    [
        ({"estimator": "hist_gradient_boosting", "encoder": "ordinal"}, 1_000_000, 1_000_000),
        (
            {"estimator": "hist_gradient_boosting", "encoder": "target_mean"},
            1_000_000,
            pytest.approx(460_000, rel=0.02),
        ),
        ({"estimator": "decision_tree", "encoder": "ordinal"}, 1_000_000, 1_000_000),
        ({"estimator": "ridge"}, 1_000_000, pytest.approx(283_333, rel=0.02)),
        ({"estimator": "ridge"}, 1_000, 1_000),
    ],
)
def test_models_that_copy_the_table_are_refitted_on_fewer_rows(params, n_rows, expected):
    problem = problem_of(30, categories=1, n_rows=n_rows)
    space = restrict(SearchSpace.default("regression"), problem)
    assert refit_rows(space.genome(params), space, problem) == expected


def test_a_final_model_that_needs_the_memory_of_two_is_fitted_alone():
    problem = problem_of(30)
    space = restrict(SearchSpace.default("regression"), problem)
    assert refits_alone(space.genome({"estimator": "ridge"}), space, problem)
    boosting = space.genome({"estimator": "hist_gradient_boosting"})
    assert not refits_alone(boosting, space, problem)


def test_final_fits_take_longer_as_the_cost_of_their_estimator_grows():
    factors = []
    for n_columns, n_rows in ((30, 1_000_000), (50, 200_000)):
        problem = problem_of(n_columns, n_rows=n_rows)
        space = restrict(SearchSpace.default("regression"), problem)
        boosting = space.genome({"estimator": "hist_gradient_boosting"})
        factors.append(refit_factor(boosting, space, problem))
    assert factors[0] == pytest.approx(5)  # all of its time depends on the rows
    assert 2 < factors[1] < 4


@pytest.mark.parametrize(
    ("kind", "name", "rows"),
    [
        (EvolutionaryRegressor, "decision_tree", N_ROWS),
        (EvolutionaryClassifier, "decision_tree", N_ROWS),
    ],
)
def test_a_large_table_is_searched_on_a_part_and_served_by_a_fit_on_all_rows(
    kind, name, rows, with_policy
):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_ROWS, 3))
    y = X[:, 0] + rng.normal(0, 0.1, N_ROWS)
    y = y if kind is EvolutionaryRegressor else (y > 0).astype(int)
    model = kind(
        search_space=[name], time_budget=None, n_evaluations=4, n_jobs=2, random_state=0
    )
    with_policy(model, large_table_bytes=1).fit(X, y)
    tree = model.best_estimator_.steps[-1][1]
    tree = getattr(tree, "regressor_", tree)
    assert tree.tree_.n_node_samples[0] == rows
    assert model.predict(X).shape == (N_ROWS,)


def test_folds_that_the_user_wants_leave_nothing_out(fast, with_policy):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(N_ROWS, 3))
    names = ["ridge", "extra_trees"]
    given = EvolutionaryRegressor(**{**fast, "search_space": names, "cv": 3})
    with_policy(given, large_table_bytes=1).fit(X, X[:, 0])
    assert given.search_space_.names == ("ridge", "extra_trees")
    chosen = EvolutionaryRegressor(**{**fast, "search_space": names, "cv": None})
    with_policy(chosen, large_table_bytes=1).fit(X, X[:, 0])
    assert chosen.search_space_.names == ("ridge",)


def test_a_model_that_stopped_early_is_refitted_with_the_rounds_of_its_folds(fast):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = (X[:, 0] + rng.normal(0, 1, 300) > 0).astype(int)
    space = SearchSpace.default("classification").only("hist_gradient_boosting")
    space = space.constrained(
        "hist_gradient_boosting", early_stopping=[True], max_iter=[400], learning_rate=[0.3]
    )
    settings = {**fast, "search_space": space, "final_model": "single", "n_evaluations": 2}
    model = EvolutionaryClassifier(**settings).fit(X, y)
    boosting = model.best_estimator_.steps[-1][1]
    assert model.best_params_["hist_gradient_boosting__early_stopping"] is True
    assert boosting.early_stopping is False
    assert 16 <= boosting.n_iter_ == boosting.max_iter < 400
