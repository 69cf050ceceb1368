import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import log_loss

from evolearn.tasks.pooling import SHARPNESS_BOUNDS, logarithms, pooled, sharpness


def drawn(factor, n_rows=4_000, n_classes=3, seed=0):
    """Return codes, and probabilities whose logarithms are `factor` times too large."""
    rng = np.random.default_rng(seed)
    true = pooled(rng.normal(size=(n_rows, n_classes)))
    codes = (true.cumsum(axis=1) < rng.random((n_rows, 1))).sum(axis=1)
    return codes, pooled(factor * np.log(true))


@pytest.mark.parametrize("factor", [0.4, 1.0, 2.5])
def test_probabilities_that_are_too_timid_or_too_sure_are_mended(factor):
    codes, probabilities = drawn(factor)
    logs = logarithms(probabilities)
    found = sharpness(logs, codes, None)
    assert found == pytest.approx(1 / factor, rel=0.15)
    mended = log_loss(codes, pooled(found * logs))
    others = [log_loss(codes, pooled(f * found * logs)) for f in (0.8, 1.25)]
    assert mended < min(others)


def test_weights_count_as_repetitions():
    codes, probabilities = drawn(2.0, n_rows=500)
    weights = np.random.default_rng(1).integers(0, 3, len(codes))
    repeated = np.repeat(np.arange(len(codes)), weights)
    logs = logarithms(probabilities)
    by_weight = sharpness(logs, codes, weights.astype(float))
    assert by_weight == pytest.approx(sharpness(logs[repeated], codes[repeated], None))


@given(
    seed=st.integers(0, 100),
    certain=st.booleans(),
    right=st.floats(0, 1),
)
@settings(max_examples=40, deadline=None)
def test_whatever_the_predictions_the_factor_stays_within_bounds(seed, certain, right):
    rng = np.random.default_rng(seed)
    codes = rng.integers(0, 2, 30)
    said = np.where(rng.random(30) < right, codes, 1 - codes)
    probabilities = np.eye(2)[said] if certain else np.full((30, 2), 0.5)
    factor = sharpness(logarithms(probabilities), codes, None)
    assert SHARPNESS_BOUNDS[0] <= factor <= SHARPNESS_BOUNDS[1]


def test_pooled_rows_are_probabilities_even_of_huge_logarithms():
    mean = np.array([[0.0, 800.0], [-800.0, -800.0]])
    assert np.allclose(pooled(mean), [[0, 1], [0.5, 0.5]])
