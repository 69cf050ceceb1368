"""Modules that another process cannot import reach it by value, all others by reference."""

import importlib.util
import pickle
import subprocess
import sys
import types

import cloudpickle
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge

from evolearn.execution.serialization import _unimportable, pickled

SOURCE = """
import math

FACTOR = 3

class Base:
    pass

class Scaled(Base):
    def apply(self, x):
        return triple(x) + math.floor(0.5)

def triple(x):
    return FACTOR * x
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Return a function that loads a module from a path outside of ``sys.path``."""

    def load(name):
        path = tmp_path / f"{name.rpartition('.')[2]}.py"
        path.write_text(SOURCE)
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    return load


def run_elsewhere(value, call):
    """Unpickle a value in a fresh interpreter and evaluate an expression of it."""
    code = f"import pickle, sys; value = pickle.load(sys.stdin.buffer); print({call})"
    ran = subprocess.run(
        [sys.executable, "-c", code], input=pickled(value), capture_output=True, check=False
    )
    return ran.stdout.decode().strip() or ran.stderr.decode()


@pytest.mark.parametrize("name", ["loaded_by_path", "no_such_package.module"])
@pytest.mark.parametrize(
    ("value", "call"),
    [
        (lambda module: module.triple, "value(2)"),
        (lambda module: module.Scaled(), "value.apply(2)"),
        (lambda module: module.Scaled, "value().apply(2)"),
        (lambda module: {"a": [module.Scaled().apply]}, "value['a'][0](2)"),
        (lambda module: lambda x: module.triple(x), "value(2)"),
    ],
    ids=["function", "instance", "class", "nested", "module"],
)
def test_a_module_loaded_by_path_reaches_another_process(load, name, value, call):
    assert run_elsewhere(value(load(name)), call) == "6"


def test_a_module_with_the_name_of_another_one_is_not_taken_for_it(load):
    assert run_elsewhere(load("csv_of_mine").triple, "value(2)") == "6"
    assert run_elsewhere(load("sklearn.svm").triple, "value(2)") == "6"


def test_a_module_made_in_memory_reaches_another_process(monkeypatch):
    module = types.ModuleType("made_in_memory")
    monkeypatch.setitem(sys.modules, "made_in_memory", module)
    exec(SOURCE, module.__dict__)
    assert run_elsewhere(module.Scaled(), "value.apply(2)") == "6"


def test_instances_that_come_back_are_of_the_same_class(load):
    module = load("loaded_by_path")
    assert type(pickle.loads(pickled(module.Scaled()))) is module.Scaled


def test_importable_modules_go_by_reference_and_the_registry_stays_as_it_is(load):
    before = cloudpickle.list_registry_pickle_by_value()
    pickled(load("loaded_by_path").Scaled())
    assert cloudpickle.list_registry_pickle_by_value() == before
    assert len(pickled(Ridge)) < 100
    assert len(pickled(subprocess.run)) < 100


def test_an_installed_package_goes_by_reference_where_a_folder_has_its_name(
    tmp_path, monkeypatch
):
    (tmp_path / "sklearn").mkdir()
    (tmp_path / "sklearn" / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path)
    assert len(pickled(Ridge)) < 100


def test_compiled_code_goes_by_reference_whatever_its_module_is_called(monkeypatch):
    from sklearn._loss import _loss

    # As in scikit-learn 1.7, whose losses say that they are of this module.
    monkeypatch.setitem(sys.modules, "_loss", _loss)
    assert _unimportable("_loss") is None
    model = HistGradientBoostingRegressor(max_iter=1).fit([[0.0], [1.0]] * 20, [0.0, 1.0] * 20)
    assert run_elsewhere(model, "len(value.predict([[0.0]]))") == "1"
