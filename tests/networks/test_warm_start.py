"""Networks that start from the weights of others."""

import numpy as np
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris, make_friedman1
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import StandardScaler

from evolearn.networks import NetworkClassifier, NetworkRegressor
from evolearn.networks.layers import ParallelNetworks
from evolearn.networks.warm_start import inherit_weights

# So slow that training changes nothing: what is predicted is what was inherited.
STILL = {"learning_rate_init": 1e-12, "weight_decay": 0.0, "max_iter": 1}


class WithoutNoise(np.random.Generator):
    """A generator whose normal numbers are zero: copies of units are exact."""

    def standard_normal(self, size=None, dtype=np.float64, out=None):
        return np.zeros(size, dtype)


def networks(hidden, activation="relu", n_members=2, seed=0):
    rng = np.random.default_rng(seed)
    drawn = ParallelNetworks(6, hidden, 3, n_members=n_members, activation=activation, rng=rng)
    for biases in drawn.biases:
        biases[...] = 0.3 * rng.standard_normal(biases.shape)
    return drawn


def outputs(networks):
    return networks.forward(np.random.default_rng(9).normal(size=(200, 6)).astype(np.float32))


def distance(child, parent):
    """How far the child's outputs are from the parent's on average: a share of their spread."""
    theirs = outputs(parent)
    return np.sqrt(np.mean((outputs(child) - theirs) ** 2)) / theirs.std()


WIDER = [((16, 8), (24, 8)), ((16, 8), (16, 40)), ((16, 8), (64, 64)), ((5,), (7,))]
DEEPER = [((16, 8), (16, 8, 8)), ((16,), (16, 16, 16)), ((16, 8), (20, 20, 20))]


@pytest.mark.parametrize("activation", ["relu", "silu", "tanh"])
@pytest.mark.parametrize(("before", "after"), [*WIDER, *DEEPER])
def test_more_units_and_layers_compute_the_same(activation, before, after):
    parent, child = networks(before, activation), networks(after, activation, seed=1)
    inherit_weights(child, parent, WithoutNoise(np.random.PCG64(2)))
    exact = activation == "relu" or len(before) == len(after)
    assert distance(child, parent) < (1e-5 if exact else 0.06 * (len(after) - len(before)))


def test_copies_of_units_differ_a_little():
    parent, child = networks((16, 8)), networks((32, 16), seed=1)
    inherit_weights(child, parent, np.random.default_rng(2))
    assert 1e-4 < distance(child, parent) < 0.3
    for weights in child.weights[:-1]:
        of_units = weights[0].T
        assert len(np.unique(of_units, axis=0)) == len(of_units)


def test_the_strongest_units_stay():
    parent, child = networks((16,)), networks((5,), seed=1)
    strong = [3, 4, 9, 11, 15]
    weak = np.setdiff1d(np.arange(16), strong)
    parent.weights[1][:, weak] *= 1e-3  # of what goes in as much as of the others
    inherit_weights(child, parent, np.random.default_rng(0))
    np.testing.assert_array_equal(child.weights[0], parent.weights[0][:, :, strong])
    np.testing.assert_array_equal(child.weights[1], parent.weights[1][:, strong])
    assert distance(child, parent) < 0.05


def test_members_are_left_out_or_copied_with_noise():
    parent, fewer, more = (networks((8,), n_members=n, seed=n) for n in (3, 2, 5))
    for child in (fewer, more):
        inherit_weights(child, parent, np.random.default_rng(0))
    np.testing.assert_array_equal(outputs(fewer), outputs(parent)[:2])
    np.testing.assert_array_equal(outputs(more)[:3], outputs(parent))
    for copy, first in zip(outputs(more)[3:], outputs(parent), strict=False):
        assert 0 < np.abs(copy - first).mean() < first.std()


def test_fewer_layers_keep_the_first_ones():
    parent, child = networks((8, 8, 8)), networks((8,), seed=1)
    inherit_weights(child, parent, np.random.default_rng(0))
    np.testing.assert_array_equal(child.weights[0], parent.weights[0])
    assert np.isfinite(outputs(child)).all()


def tables():
    X, y = make_friedman1(300, random_state=0)
    yield NetworkRegressor, X, y
    yield NetworkClassifier, *load_iris(return_X_y=True)


@pytest.mark.parametrize(("kind", "X", "y"), list(tables()), ids=["regressor", "classifier"])
def test_a_network_begins_where_its_parent_stood(kind, X, y):
    parent = kind(max_iter=30, n_members=2, random_state=0).fit(X, y)
    shape = {"hidden_layer_sizes": (160, 128), "max_iter": 30, "dropout": 0.1}
    alone, child = kind(**shape, random_state=1), kind(**shape, random_state=1)
    alone.fit(X, y)
    assert child.fit(X, y, parent=parent) is child
    assert child.n_iter_ == len(child.loss_curve_) == 10
    assert child.loss_curve_[0] < 0.5 * alone.loss_curve_[0]
    assert abs(child.loss_curve_[-1] - alone.loss_curve_[-1]) < 0.1 * alone.loss_curve_[0]
    assert child.embedding_ is parent.embedding_
    again = kind(**shape, random_state=1).fit(X, y, parent=parent)
    np.testing.assert_array_equal(again.networks_.vector, child.networks_.vector)


@pytest.mark.parametrize("embedding", ["none", "piecewise", "periodic"])
def test_embedding_and_target_scale_of_the_parent_are_used(embedding):
    X, y = make_friedman1(200, random_state=0)
    parent = NetworkRegressor(embedding=embedding, max_iter=5, random_state=0).fit(X, y)
    child = NetworkRegressor(embedding=embedding, **STILL, random_state=1)
    # Of other rows, and a target of another size.
    child.fit(3 * X[:50] + 1, 1e3 * y[:50] - 7, parent=parent)
    np.testing.assert_allclose(child.predict(X), parent.predict(X), rtol=1e-3)


def test_a_parent_can_be_passed_through_a_transformed_target():
    X, y = make_friedman1(200, random_state=0)

    def wrapped(**settings):
        network = NetworkRegressor(**settings, random_state=0)
        return TransformedTargetRegressor(network, transformer=StandardScaler())

    parent = wrapped(max_iter=5).fit(X, y)
    child = wrapped(**STILL).fit(X, y, parent=parent.regressor_)
    np.testing.assert_allclose(child.predict(X), parent.predict(X), rtol=1e-4)


IRIS = load_iris(return_X_y=True)
SMALL = {"hidden_layer_sizes": (4,), "n_members": 1, "max_iter": 1}


@pytest.mark.parametrize(
    ("parent", "error", "message"),
    [
        (NetworkRegressor(**SMALL).fit(*IRIS), TypeError, "parent must be a fitted Network"),
        (NetworkClassifier(), NotFittedError, "not fitted"),
        (NetworkClassifier(**SMALL).fit(IRIS[0][:, :3], IRIS[1]), ValueError, "3 columns"),
        (NetworkClassifier(**SMALL).fit(IRIS[0], IRIS[1] > 0), ValueError, "classes"),
        (
            NetworkClassifier(**SMALL, embedding="none").fit(*IRIS),
            ValueError,
            "embedding='none'",
        ),
        (NetworkClassifier(**SMALL, n_bins=5).fit(*IRIS), ValueError, "n_bins=5"),
    ],
)
def test_unusable_parents_are_refused(parent, error, message):
    with pytest.raises(error, match=message):
        NetworkClassifier(**SMALL).fit(*IRIS, parent=parent)


@pytest.mark.parametrize(("kind", "X", "y"), list(tables()), ids=["regressor", "classifier"])
def test_a_network_may_be_its_own_parent(kind, X, y):
    one, other = (kind(max_iter=6, n_members=2, random_state=0).fit(X, y) for _ in range(2))
    other.fit(X, y, parent=one)
    one.fit(X, y, parent=one)
    assert one.loss_curve_ == other.loss_curve_
    with pytest.raises(ValueError, match="parent was fitted on"):
        one.fit(X[:, :2], y, parent=one)
