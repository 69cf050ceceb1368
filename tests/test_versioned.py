"""Saved models record the version of evolearn."""

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone

from evolearn import ColumnPreparer, EvolearnWarning, EvolutionaryClassifier, versioned
from evolearn.tasks.regressors import EnsembleRegressor

TABLE = np.array([[1, "red"], [2, "blue"], [3, "red"]], dtype=object)
MODELS = {
    "estimator": EvolutionaryClassifier(time_budget=5),
    "preparer": ColumnPreparer().fit(TABLE),
    "ensemble": EnsembleRegressor(None, [], [], None, 1.0),
}


@pytest.fixture(params=MODELS)
def model(request):
    return MODELS[request.param]


def test_the_same_version_loads_it_in_silence(model):
    for other in (pickle.loads(pickle.dumps(model)), copy.deepcopy(model), clone(model)):
        assert other.get_params() == model.get_params()
    assert vars(pickle.loads(pickle.dumps(model))).keys() == vars(model).keys()


def test_another_version_warns_at_the_line_that_loads_it(model, monkeypatch):
    saved = pickle.dumps(model)
    monkeypatch.setattr(versioned, "__version__", "99.0")
    with pytest.warns(
        EvolearnWarning, match=r"saved with evolearn 0\.1.* with 99\.0"
    ) as caught:
        loaded = pickle.loads(saved)
    assert [warning.filename for warning in caught] == [__file__]
    assert type(loaded) is type(model)


def test_a_model_without_a_version_is_of_an_earlier_one():
    model = ColumnPreparer()
    state = ColumnPreparer().fit(TABLE).__getstate__()
    del state["_evolearn_version"]
    with pytest.warns(EvolearnWarning, match="an earlier version"):
        model.__setstate__(state)
    assert model.transform(TABLE).shape == (3, 2)
