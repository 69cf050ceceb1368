import pickle

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.datasets import load_iris, make_friedman1
from sklearn.metrics import log_loss, r2_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from evolearn.networks import NetworkClassifier, NetworkRegressor
from evolearn.networks.layers import ACTIVATIONS, Stack
from evolearn.networks.solvers import rate_after

# Weights are no repetitions for a network that sees one batch after the other, as with
# scikit-learn's own networks.
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": "rows are shuffled into batches",
    "check_sample_weight_equivalence_on_sparse_data": "rows are shuffled into batches",
}


CHECKS = parametrize_with_checks(
    [NetworkClassifier(max_iter=30, n_members=2), NetworkRegressor(max_iter=60, n_members=2)],
    expected_failed_checks=lambda estimator: EXPECTED,
)


# scikit-learn 1.7 gives its checks as a generator, which pytest 10 will refuse: hence a list.
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("activation", sorted(ACTIVATIONS))
@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("skip", [False, True])
def test_gradient_is_that_of_finite_differences(activation, n_outputs, skip):
    rng = np.random.default_rng(0)
    stack = Stack(4, [5, 3], n_outputs, n_members=2, activation=activation, rng=rng, skip=skip)
    X = rng.normal(size=(7, 4)).astype(np.float32)
    target = rng.normal(size=(7, n_outputs)).astype(np.float32)

    def loss():
        return float(np.sum((stack.forward(X) - target) ** 2) / 2)

    gradient = np.empty_like(stack.vector)
    stack.gradient(X, lambda outputs: outputs - target, 0.0, rng, gradient)
    step = 1e-3
    for place in rng.permutation(len(stack.vector))[:40]:
        before = stack.vector[place]
        stack.vector[place] = before + step
        above = loss()
        stack.vector[place] = before - step
        below = loss()
        stack.vector[place] = before
        assert gradient[place] == pytest.approx(
            (above - below) / (2 * step), rel=0.05, abs=0.02
        )


@pytest.mark.parametrize("embedding", ["none", "piecewise", "periodic"])
def test_each_embedding_learns_what_a_linear_model_cannot(embedding):
    X, y = make_friedman1(600, noise=0.5, random_state=0)
    model = NetworkRegressor(embedding=embedding, random_state=0).fit(X[:400], y[:400])
    assert r2_score(y[400:], model.predict(X[400:])) > 0.8


def test_sharp_steps_are_followed_with_bins():
    x = np.random.default_rng(0).uniform(size=(800, 1))
    y = np.floor(8 * x[:, 0]) % 2
    sharp = NetworkRegressor(embedding="piecewise", n_bins=16, random_state=0).fit(x, y)
    smooth = NetworkRegressor(embedding="none", random_state=0).fit(x, y)
    assert sharp.score(x, y) > smooth.score(x, y) + 0.1


def test_same_seed_same_model_and_pickles_keep_it():
    X, y = load_iris(return_X_y=True)
    model = NetworkClassifier(max_iter=10, dropout=0.2, random_state=3).fit(X, y)
    again = clone(model).fit(X, y)
    read = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(model.predict_proba(X), again.predict_proba(X))
    np.testing.assert_array_equal(model.predict_proba(X), read.predict_proba(X))


def test_outliers_and_constant_columns_do_no_harm():
    X, y = load_iris(return_X_y=True)
    X = np.column_stack([X, np.full(len(X), 1e9), np.r_[1e12, np.zeros(len(X) - 1)]])
    model = NetworkClassifier(random_state=0).fit(X, y)
    assert log_loss(y, model.predict_proba(X)) < 0.2
    for value in (1e15, 1e39, -1e300):
        assert np.isfinite(model.predict_proba(np.full((1, X.shape[1]), value))).all()


def test_columns_that_vary_little_beside_their_mean_are_seen():
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(400, 1))
    model = NetworkRegressor(random_state=0).fit(1e9 + 100 * x, np.sin(6 * x[:, 0]))
    assert model.score(1e9 + 100 * x, np.sin(6 * x[:, 0])) > 0.9


def test_huge_targets_are_predicted():
    x = np.random.default_rng(0).uniform(size=(200, 1))
    model = NetworkRegressor(random_state=0).fit(x, 1e200 * x[:, 0])
    assert np.isfinite(model.predict(x)).all()


def test_sparse_rows_are_taken_as_they_are():
    X, y = load_iris(return_X_y=True)
    model = NetworkClassifier(random_state=0).fit(csr_matrix(X), y)
    assert model.score(csr_matrix(X), y) > 0.9
    np.testing.assert_allclose(model.predict_proba(csr_matrix(X)), model.predict_proba(X))


def test_loss_falls_from_epoch_to_epoch_in_the_long_run():
    X, y = make_friedman1(300, random_state=0)
    curve = NetworkRegressor(random_state=0).fit(X, y).loss_curve_
    assert len(curve) == 40
    assert curve[-1] < 0.2 * curve[0]


def test_straight_connections_learn_what_a_narrow_layer_cannot_pass_on():
    X = np.random.default_rng(0).normal(size=(300, 3))
    y = X.argmax(axis=1)  # two directions of inputs decide, and one unit tells of one
    settings = {"hidden_layer_sizes": (1,), "embedding": "none", "random_state": 0}
    narrow, straight = (
        NetworkClassifier(skip=skip, **settings).fit(X, y) for skip in (False, True)
    )
    assert straight.score(X, y) > narrow.score(X, y) + 0.1


@pytest.mark.parametrize("solver", ["adam", "sgd"])
@pytest.mark.parametrize("schedule", ["cosine", "linear", "constant"])
def test_each_solver_learns_with_each_schedule(solver, schedule):
    X, y = make_friedman1(300, random_state=0)
    rate = 5e-3 if solver == "adam" else 2e-2
    model = NetworkRegressor(
        solver=solver, schedule=schedule, learning_rate_init=rate, random_state=0
    )
    assert model.fit(X, y).score(X, y) > 0.9


@pytest.mark.parametrize(
    ("schedule", "halfway", "end"),
    [("cosine", 0.54, 0.0), ("linear", 0.53, 0.0), ("constant", 1.0, 1.0)],
)
def test_the_rate_rises_for_a_moment_then_falls_as_scheduled(schedule, halfway, end):
    assert rate_after(0.0, 2.0, schedule) < 0.2
    assert rate_after(0.05, 2.0, schedule) == pytest.approx(2.0)
    assert rate_after(0.5, 2.0, schedule) == pytest.approx(2 * halfway, rel=0.02)
    assert rate_after(1.0, 2.0, schedule) == pytest.approx(2 * end)


def test_early_stopping_takes_the_weights_that_were_best_on_held_out_rows():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(120, 10)), rng.normal(size=120)  # nothing is to be learned
    settings = {"early_stopping": True, "n_iter_no_change": 5, "schedule": "constant"}
    model = NetworkRegressor(max_iter=60, random_state=0, **settings).fit(X, y)
    curve = model.validation_loss_curve_
    assert model.n_iter_ == len(curve) == len(model.loss_curve_) < 60
    assert len(curve) - 1 - int(np.argmin(curve)) == 5
    only = NetworkRegressor(max_iter=60, random_state=0).fit(X, y)
    assert only.score(X, y) > model.score(X, y) + 0.3


def test_an_heir_holds_out_the_rows_that_its_parent_has_not_seen():
    X, y = make_friedman1(200, random_state=0)
    parent = NetworkRegressor(early_stopping=True, max_iter=20, random_state=0).fit(X, y)
    child = NetworkRegressor(early_stopping=True, max_iter=3, random_state=7)
    child.fit(X, y, parent=parent)
    # Its loss on them starts where the parent's was, not where the one of rows seen is.
    assert child.validation_loss_curve_[0] > 1.5 * min(parent.loss_curve_)


def test_too_few_rows_for_early_stopping_are_an_error():
    with pytest.raises(ValueError, match="early_stopping=False"):
        NetworkRegressor(early_stopping=True).fit([[1.0]], [1.0])


def test_a_sentinel_does_not_hide_the_other_values():
    x = np.random.default_rng(0).uniform(0, 20, (600, 1))
    y = np.sin(x[:, 0])
    x[0] = 999_999_999
    model = NetworkRegressor(32, max_iter=30, n_members=2, random_state=0).fit(x, y)
    assert model.score(x, y) > 0.7


@pytest.mark.parametrize("kind", [NetworkClassifier, NetworkRegressor])
def test_rows_of_weight_zero_are_as_if_left_out(kind):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 3))
    y = (X[:, 0] > 0).astype(int)
    weights = np.r_[np.ones(60), np.zeros(20)]
    X[60:] *= 1e9
    settings = {"early_stopping": True, "max_iter": 8, "n_members": 2, "random_state": 0}
    one = kind(**settings).fit(X, y, weights)
    other = kind(**settings).fit(X[:60], y[:60], weights[:60])
    np.testing.assert_array_equal(one.stack_.vector, other.stack_.vector)


@pytest.mark.parametrize("sizes", [(0,), (8, 0), (-1,), (8.5,), ((8, 8), (8, 8))])
def test_what_are_no_layers_is_told(sizes):
    with pytest.raises(ValueError, match="hidden_layer_sizes must be whole numbers"):
        NetworkRegressor(sizes).fit(np.eye(9), np.arange(9.0))
