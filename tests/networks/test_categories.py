"""Categories as vectors that are trained with the network."""

import pickle

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.utils.estimator_checks import parametrize_with_checks

from evolearn.networks import NetworkClassifier, NetworkRegressor
from evolearn.networks.categories import (
    FEWEST_ROWS,
    LONGEST,
    CategoryVectors,
    category_positions,
)
from evolearn.networks.layers import ParallelNetworks

SMALL = {"hidden_layer_sizes": (16,), "n_members": 2, "embedding": "none", "random_state": 0}
# So slow that training changes nothing: what is predicted is what was inherited.
STILL = {"learning_rate_init": 1e-12, "weight_decay": 0.0, "max_iter": 1}
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": "rows are shuffled into batches",
    # Both look at two columns, and decide by the first one, of which each value is rare.
    "check_classifiers_train": "the first column is no number here",
}
CHECKS = parametrize_with_checks(
    [
        NetworkClassifier(hidden_layer_sizes=(8,), max_iter=30, categorical_features=[0]),
        NetworkRegressor(hidden_layer_sizes=(8,), max_iter=60, categorical_features=[0]),
    ],
    expected_failed_checks=lambda estimator: EXPECTED,
)


# scikit-learn 1.7 gives its checks as a generator, which pytest 10 will refuse: hence a list.
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_scikit_learns_checks(estimator, check):
    check(estimator)


def table(n_rows=300, seed=0):
    """A category of 20, another of 3, and two numbers; the first category decides."""
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, [20, 3], size=(n_rows, 2)).astype(float)
    numbers = rng.normal(size=(n_rows, 2))
    X = np.column_stack([numbers[:, 0], codes, numbers[:, 1]])
    effects = np.random.default_rng(9).permutation(np.linspace(-2, 2, 20))
    return X, effects[codes[:, 0].astype(int)] + 0.3 * numbers[:, 0]


def test_gradient_of_the_vectors_is_that_of_finite_differences():
    rng = np.random.default_rng(0)
    first = rng.normal(size=12).astype(np.float32)
    networks = ParallelNetworks(
        5, [6], 2, n_members=2, activation="tanh", rng=rng, category_weights=first
    )
    X = rng.normal(size=(7, 2)).astype(np.float32)
    places = rng.integers(12, size=(7, 3))
    places[:3] = places[3]  # rows that share theirs
    target = rng.normal(size=(7, 2)).astype(np.float32)
    gradient = np.empty_like(networks.vector)
    networks.gradient(X, places, lambda outputs: (0.0, outputs - target), 0.0, rng, gradient)

    def loss():
        return float(np.sum((networks.forward(X, places) - target) ** 2) / 2)

    for place in range(12):
        losses = []
        for step in (1e-2, -1e-2):
            networks.category_weights[place] += step
            losses.append(loss())
            networks.category_weights[place] -= step
        slope = (losses[0] - losses[1]) / 2e-2
        assert networks.views(gradient)[2][place] == pytest.approx(slope, rel=0.02, abs=0.02)


def test_effects_of_categories_are_learned():
    X, y = table(600)
    numbers = NetworkRegressor(**SMALL).fit(X[:400], y[:400])
    vectors = NetworkRegressor(**SMALL, categorical_features=[1, 2]).fit(X[:400], y[:400])
    assert vectors.score(X[400:], y[400:]) > numbers.score(X[400:], y[400:]) + 0.3


def test_rare_categories_and_those_not_seen_are_one():
    X, y = table()
    X[: FEWEST_ROWS - 1, 1] = 77
    X[FEWEST_ROWS - 1 : 2 * FEWEST_ROWS - 1, 1] = 78
    marked = np.array([False, True, True, False])
    model = NetworkClassifier(**SMALL, max_iter=5, categorical_features=marked).fit(X, y > 0)
    rows = np.repeat(X[:1], 5, axis=0)
    rows[:, 1] = [77, 1e9, -1, 0.5, 78]
    answers = model.predict_proba(rows)[:, 0]
    assert len(set(answers[:4])) == 1
    assert answers[4] != answers[0]


def test_vectors_are_as_long_as_the_root_of_the_count_of_categories():
    counts = [1, 2, 5, 17, 2_000]
    X = np.column_stack([np.arange(6_000) % count for count in counts]).astype(float)
    vectors = CategoryVectors(np.arange(5)).fit(X)
    places = vectors.weight_positions(vectors.encode(X))
    assert vectors.n_outputs == places.shape[1] == 1 + 2 + 3 + 5 + LONGEST
    assert places.max() == vectors.n_weights - 1 == 2 + 2 * 3 + 3 * 6 + 5 * 18 + 8 * 1_001 - 1
    assert len(np.unique(places[:17, 6:11])) == 5 * 17, "no two share a number"


def test_same_seed_same_model_and_pickles_keep_it():
    X, y = table()
    settings = {**SMALL, "max_iter": 4, "dropout": 0.2}
    model = NetworkRegressor(**settings, categorical_features=[1, 2]).fit(X, y)
    answers = model.predict(X)
    np.testing.assert_array_equal(clone(model).fit(X, y).predict(X), answers)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).predict(X), answers)
    one_by_one = [model.predict(X[[row]])[0] for row in range(10)]
    np.testing.assert_allclose(one_by_one, answers[:10], rtol=1e-12)


@pytest.mark.parametrize(
    ("given", "positions"),
    [(None, []), ([], []), ([2, 0, 2], [0, 2]), ([False, True, True, False], [1, 2])],
)
def test_columns_of_categories_are_named_by_position_or_marked(given, positions):
    assert category_positions(given, 4).tolist() == positions


@pytest.mark.parametrize("given", [[4], [-1], [True], [0.5], ["city"]])
def test_columns_that_are_not_there_are_an_error(given):
    with pytest.raises(ValueError, match="a boolean for each of the 4 columns of X"):
        NetworkRegressor(**SMALL, categorical_features=given).fit(*table(20))


def test_categories_in_sparse_rows_are_an_error():
    X, y = table(20)
    with pytest.raises(TypeError, match="dense data is required"):
        NetworkRegressor(**SMALL, categorical_features=[1]).fit(csr_matrix(X), y)


# -- from parent to child -------------------------------------------------------------------


def test_a_child_begins_with_the_vectors_of_its_parent():
    X, y = table()
    settings = {**SMALL, "categorical_features": [1, 2]}
    parent = NetworkRegressor(**settings, max_iter=5).fit(X, y)
    wider = {**settings, **STILL, "n_members": 1}
    # Of rows among which most categories are rare.
    child = NetworkRegressor(**wider).fit(X[:30], y[:30], parent=parent)
    np.testing.assert_allclose(
        child.networks_.category_weights, parent.networks_.category_weights, atol=1e-6
    )
    of_first = clone(parent).set_params(n_members=1, **STILL).fit(X, y, parent=parent)
    np.testing.assert_allclose(child.predict(X), of_first.predict(X), rtol=1e-4)


def test_a_parent_with_other_categories_is_refused():
    X, y = table(40)
    parent = NetworkRegressor(**SMALL, max_iter=1, categorical_features=[1]).fit(X, y)
    child = NetworkRegressor(**SMALL, max_iter=1, categorical_features=[1, 2])
    with pytest.raises(ValueError, match=r"categories in the columns \[1\], this"):
        child.fit(X, y, parent=parent)
