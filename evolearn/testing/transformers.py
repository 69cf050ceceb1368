"""Conformance tests of transformers that are steps of evolved pipelines.

Subclass `TransformerConformance` in a test module and define the fixture ``transformer``::

    class TestLogarithm(TransformerConformance):
        @pytest.fixture
        def transformer(self):
            return Logarithm()

The other fixtures have defaults for transformers of numeric matrices.
"""

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils import get_tags

from evolearn.data import is_sparse, n_rows, take_rows

N_ROWS = 60


def with_missing_values(X: Any) -> Any:
    """Return a copy of a dense table in which each seventh cell is missing."""
    cells = np.arange(X.shape[0] * X.shape[1]).reshape(X.shape) % 7 == 3
    return X.mask(cells) if hasattr(X, "mask") else np.where(cells, np.nan, X)


def dense(output: Any) -> np.ndarray:
    """Convert the output of a transformer to a dense array."""
    return output.toarray() if is_sparse(output) else np.asarray(output)


class TransformerConformance:
    """Tests that every transformer of a pipeline passes."""

    @pytest.fixture
    def transformer(self) -> Any:
        """Return the unfitted transformer to test."""
        raise NotImplementedError("define the fixture 'transformer' in the subclass")

    @pytest.fixture
    def X(self) -> Any:
        """Return the training rows: three columns of numbers, one of codes 0, 1 and 2."""
        rng = np.random.default_rng(0)
        return np.column_stack([rng.normal(size=(N_ROWS, 3)), np.arange(N_ROWS) % 3])

    @pytest.fixture
    def y(self, X: Any) -> np.ndarray:
        """Return the targets of the training rows."""
        return np.arange(n_rows(X)) % 2

    @pytest.fixture
    def X_unseen(self, X: Any) -> Any:
        """Return rows whose values are not among the training rows."""
        return 1_000 * X + 7

    @pytest.fixture
    def fitted(self, transformer: Any, X: Any, y: np.ndarray) -> Any:
        """Return the transformer fitted on X and y."""
        return clone(transformer).fit(X, y)

    @pytest.fixture
    def output(self, fitted: Any, X: Any) -> np.ndarray:
        """Return the transformed training rows."""
        return dense(fitted.transform(X))

    def test_clone_has_the_same_parameters(self, transformer: Any) -> None:
        """Check that no parameter is lost or changed by the constructor."""
        before = transformer.get_params(deep=False)
        after = clone(transformer).get_params(deep=False)
        assert before.keys() == after.keys()
        assert repr(before) == repr(after)

    def test_parameters_can_be_set(self, transformer: Any) -> None:
        """Check that set_params takes what get_params returns."""
        values = transformer.get_params(deep=False)
        changed = clone(transformer).set_params(**values)
        after = changed.get_params(deep=False)
        assert all(after[name] is value for name, value in values.items())

    def test_fit_returns_self_and_keeps_the_parameters(
        self, transformer: Any, X: Any, y: np.ndarray
    ) -> None:
        """Check that fit changes fitted attributes only."""
        before = repr(transformer.get_params())
        assert transformer.fit(X, y) is transformer
        assert repr(transformer.get_params()) == before

    def test_unfitted_transformer_raises(self, transformer: Any, X: Any) -> None:
        """Check that transform before fit is an error."""
        with pytest.raises(NotFittedError):
            clone(transformer).transform(X)

    def test_output_names_match_the_columns(self, fitted: Any, output: np.ndarray) -> None:
        """Check that there is a name of its own for each column of the output."""
        assert output.ndim == 2
        if not hasattr(fitted, "get_feature_names_out"):
            pytest.skip("the transformer has no output names")
        names = fitted.get_feature_names_out()
        assert len(names) == output.shape[1]
        assert len(set(names)) == len(names)
        assert all(isinstance(name, str) for name in names)

    def test_output_columns_do_not_depend_on_the_rows(
        self, fitted: Any, X: Any, output: np.ndarray
    ) -> None:
        """Check that each part of the rows has as many columns as all of them."""
        for rows in (np.arange(5), np.arange(n_rows(X))[::-1]):
            assert_array_equal(dense(fitted.transform(take_rows(X, rows))), output[rows])

    def test_one_row_is_transformed_as_among_others(
        self, fitted: Any, X: Any, output: np.ndarray
    ) -> None:
        """Check that the output of a row does not depend on other rows."""
        for row in (0, n_rows(X) - 1):
            only = take_rows(X, np.array([row]))
            assert_array_equal(dense(fitted.transform(only)), output[[row]])

    def test_fit_transform_is_fit_and_transform(
        self, transformer: Any, X: Any, y: np.ndarray, output: np.ndarray
    ) -> None:
        """Check that both ways give the same output."""
        assert_array_equal(dense(clone(transformer).fit_transform(X, y)), output)

    def test_input_is_not_changed(self, transformer: Any, X: Any, y: np.ndarray) -> None:
        """Check that rows and targets are the same after fit and transform."""
        before = copy.deepcopy((X, y))
        clone(transformer).fit(X, y).transform(X)
        for given, kept in zip((X, y), before, strict=True):
            assert_array_equal(dense(given), dense(kept))

    def test_copies_of_the_rows_give_the_same_output(
        self, transformer: Any, X: Any, y: np.ndarray, output: np.ndarray
    ) -> None:
        """Check that a fit is repeatable and refers to no training row."""
        again = clone(transformer).fit(copy.deepcopy(X), y.copy())
        assert_array_equal(dense(again.transform(copy.deepcopy(X))), output)

    def test_pickle_gives_the_same_output(
        self, fitted: Any, X: Any, output: np.ndarray
    ) -> None:
        """Check that a pickled transformer is complete."""
        assert_array_equal(dense(pickle.loads(pickle.dumps(fitted)).transform(X)), output)

    def test_refit_forgets_the_fit_before(
        self, transformer: Any, X: Any, y: np.ndarray, output: np.ndarray
    ) -> None:
        """Check that a second fit gives the same as a first one."""
        half = np.arange(n_rows(X) // 2)
        model = clone(transformer).fit(take_rows(X, half), y[half])
        model.transform(X)
        assert_array_equal(dense(model.fit(X, y).transform(X)), output)

    def test_missing_values_are_transformed(
        self, transformer: Any, X: Any, y: np.ndarray
    ) -> None:
        """Check that missing values are taken, in fit and later, if the tags say so."""
        if not get_tags(transformer).input_tags.allow_nan:
            pytest.skip("the transformer takes no missing values")
        some = with_missing_values(X)
        for train in (X, some):
            model = clone(transformer).fit(train, y)
            complete, output = dense(model.transform(X)), dense(model.transform(some))
            assert output.shape == complete.shape
            assert not np.isinf(output.astype(float)).any()

    def test_unseen_values_are_transformed(
        self, fitted: Any, X_unseen: Any, output: np.ndarray
    ) -> None:
        """Check that values not seen in fit are taken and give no infinite numbers."""
        new = dense(fitted.transform(X_unseen))
        assert new.shape == (n_rows(X_unseen), output.shape[1])
        assert not np.isinf(new.astype(float)).any()
