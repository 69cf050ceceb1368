import pickle

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.datasets import load_iris, make_friedman1
from sklearn.metrics import log_loss, r2_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from evolearn.networks import NetworkClassifier, NetworkRegressor
from evolearn.networks.adam import learning_rate
from evolearn.networks.layers import ACTIVATIONS, ParallelNetworks

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
def test_gradient_is_that_of_finite_differences(activation, n_outputs):
    rng = np.random.default_rng(0)
    networks = ParallelNetworks(
        4, [5, 3], n_outputs, n_members=2, activation=activation, rng=rng
    )
    X = rng.normal(size=(7, 4)).astype(np.float32)
    target = rng.normal(size=(7, n_outputs)).astype(np.float32)

    def loss():
        return float(np.sum((networks.forward(X) - target) ** 2) / 2)

    gradient = np.empty_like(networks.vector)
    networks.gradient(X, None, lambda outputs: (0.0, outputs - target), 0.0, rng, gradient)
    step = 1e-3
    for place in rng.permutation(len(networks.vector))[:40]:
        before = networks.vector[place]
        networks.vector[place] = before + step
        above = loss()
        networks.vector[place] = before - step
        below = loss()
        networks.vector[place] = before
        assert gradient[place] == pytest.approx(
            (above - below) / (2 * step), rel=0.05, abs=0.02
        )


@pytest.mark.parametrize("embedding", ["none", "piecewise", "periodic"])
def test_each_embedding_learns_a_nonlinear_function(embedding):
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


def test_the_learning_rate_rises_for_a_moment_then_falls_as_a_cosine():
    assert learning_rate(0.0, 2.0) < 0.2
    assert learning_rate(0.05, 2.0) == pytest.approx(2.0)
    assert learning_rate(0.5, 2.0) == pytest.approx(2 * 0.54, rel=0.02)
    assert learning_rate(1.0, 2.0) == pytest.approx(0.0)


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
    settings = {"max_iter": 8, "n_members": 2, "random_state": 0}
    one = kind(**settings).fit(X, y, weights)
    other = kind(**settings).fit(X[:60], y[:60], weights[:60])
    np.testing.assert_array_equal(one.networks_.vector, other.networks_.vector)


@pytest.mark.parametrize("sizes", [(0,), (8, 0), (-1,), (8.5,), ((8, 8), (8, 8))])
def test_sizes_that_are_no_layers_are_refused(sizes):
    with pytest.raises(ValueError, match="hidden_layer_sizes must be whole numbers"):
        NetworkRegressor(sizes).fit(np.eye(9), np.arange(9.0))
