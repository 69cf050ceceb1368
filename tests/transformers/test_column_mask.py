"""Removal of columns by their positions."""

import numpy as np
import pandas as pd
import pytest

from evolearn.transformers import ColumnMask


def test_the_columns_that_stay_keep_their_names():
    table = pd.DataFrame(np.eye(4), columns=["area", "rent", "city", "kind"])
    mask = ColumnMask(left_out=[1, 3]).fit(table)
    assert mask.get_feature_names_out().tolist() == ["area", "city"]


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="position 4, but X has 4 columns"):
        ColumnMask(left_out=[4]).fit(np.zeros((3, 4)))


@pytest.mark.parametrize("left_out", [[True, False], [0.7], ["a"]])
def test_values_that_are_no_positions_are_refused(left_out):
    with pytest.raises(ValueError, match="left_out must give positions"):
        ColumnMask(left_out=left_out).fit(np.eye(3))
