"""Transformed targets: predictions stay near the targets of the training rows."""

import pickle

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import config_context
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import (
    FunctionTransformer,
    PowerTransformer,
    QuantileTransformer,
    StandardScaler,
)

from evolearn.transformers import BoundedTarget

TRANSFORMERS = {
    "logarithm": FunctionTransformer(np.log1p, np.expm1),
    "power": PowerTransformer(),
    "standard": StandardScaler(),
    "quantile": QuantileTransformer(output_distribution="normal", n_quantiles=20),
}
ALL = pytest.mark.parametrize("transformer", TRANSFORMERS.values(), ids=TRANSFORMERS.keys())


@ALL
def test_targets_of_the_training_rows_come_back(transformer):
    y = np.random.default_rng(0).lognormal(sigma=1.5, size=(50, 1))
    target = pickle.loads(pickle.dumps(BoundedTarget(transformer).fit(y)))

    np.testing.assert_allclose(target.inverse_transform(target.transform(y)), y, rtol=1e-6)


@pytest.mark.filterwarnings("error")
@ALL
@given(
    skew=st.floats(0.1, 4.0),
    scale=st.floats(1e-3, 1e6),
    answer=st.floats(allow_nan=False),
    seed=st.integers(0, 99),
)
def test_every_prediction_is_within_reach(transformer, skew, scale, answer, seed):
    y = scale * np.random.default_rng(seed).lognormal(sigma=skew, size=(30, 1))
    target = BoundedTarget(transformer).fit(y)

    back = target.inverse_transform([[answer]])[0, 0]
    reach = np.ptp(y)
    assert y.min() - reach <= back <= y.max() + reach


def test_a_constant_target_comes_back():
    target = BoundedTarget(PowerTransformer()).fit(np.full((5, 1), 3.0))
    assert target.inverse_transform([[9.0]]) == 3.0


def test_it_works_where_frames_are_wanted():
    X = pd.DataFrame({"a": np.arange(30.0)})
    model = TransformedTargetRegressor(
        LinearRegression(), transformer=BoundedTarget(PowerTransformer())
    )
    with config_context(transform_output="pandas"):
        answers = model.fit(X, np.exp(X["a"] / 5)).predict(X)
    assert np.isfinite(answers).all()


def test_infinite_transformed_bounds_are_clipped_after_the_inverse():
    step = BoundedTarget(FunctionTransformer(np.log1p, np.expm1, check_inverse=False))
    step.fit([[50.0], [200.0], [1000.0]])  # a range below 50 there is no logarithm
    back = step.inverse_transform(np.log1p([[5.0], [49.0], [1200.0], [1e9]]))
    np.testing.assert_allclose(back.ravel(), [5.0, 49.0, 1200.0, 1950.0], rtol=1e-5)
    assert step.inverse_transform([[-1e300], [-np.inf]]).tolist() == [[-1.0], [-1.0]]
