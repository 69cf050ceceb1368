"""Model files: the same model comes back, and nothing else is constructed."""

import json
import os
import pickle
import re
import subprocess
import sys
import warnings
import zipfile
from io import BytesIO

import joblib
import numpy as np
import pytest
from sklearn.tree import DecisionTreeRegressor

import evolearn
from evolearn import EvolutionaryClassifier, EvolutionaryRegressor, ModelFileError
from evolearn.export.allowed_types import refuse_others
from evolearn.export.compaction import compact
from evolearn.export.nodes import SCHEMA
from evolearn.export.parts import PART_TYPES, Part
from evolearn.export.saving import FACTS, _archive, model_facts
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.domains import Choice
from evolearn.pipeline.registry import registered_families
from evolearn.testing.model_families import _spaces
from evolearn.transformers import base
from tests.conftest import mixed_table

skops_io = pytest.importorskip("skops.io")

TABLE, TARGET = mixed_table(90, seed=0)
LABELS = np.where(np.median(TARGET) < TARGET, "large", "small")
SEARCH = {
    "time_budget": None,
    "n_evaluations": 4,
    "population_size": 4,
    "cv": 3,
    "n_jobs": 1,
    "random_state": 0,
}


def fitted(kind, target, **changes):
    space = ["ridge", "logistic_regression"][kind is EvolutionaryClassifier]
    settings = {"search_space": [space, "extra_trees"], **SEARCH, **changes}
    return kind(**settings).fit(TABLE, target)


@pytest.fixture(scope="module")
def regressor():
    return fitted(EvolutionaryRegressor, TARGET)


@pytest.fixture(scope="module")
def classifier():
    return fitted(EvolutionaryClassifier, LABELS)


@pytest.fixture(scope="module")
def saved(regressor, tmp_path_factory):
    return regressor.save(tmp_path_factory.mktemp("models") / "model.evolearn")


def names_in(folder):
    return [path.name for path in folder.iterdir()]


def without_bytes(summary):
    """The size of a pickle depends on how often equal texts are the same object."""
    return re.sub(r"[\d.]+ [kM]?B", "", summary)


def members_of(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def forged(saved, path, *, facts=None, schema=None):
    """Write a changed file whose digest is right, as somebody who knows the format would."""
    members = members_of(saved)
    for name, change in ((FACTS, facts), (SCHEMA, schema)):
        if change is not None:
            content = json.loads(members[name])
            members[name] = json.dumps(change(content) or content).encode()
    path.write_bytes(_archive(members))
    return path


# -- the same model -------------------------------------------------------------------------


def test_predictions_and_results_are_the_same(regressor, classifier, tmp_path):
    for model in (regressor, classifier):
        loaded = evolearn.load(model.save(tmp_path / "model.evolearn"))
        assert type(loaded) is type(model)
        np.testing.assert_array_equal(loaded.predict(TABLE), model.predict(TABLE))
        assert without_bytes(loaded.summary()) == without_bytes(model.summary())
        assert str(loaded.insights_) == str(model.insights_)
        assert str(loaded.insights_.diagnosis) == str(model.insights_.diagnosis)
        assert str(loaded.explain_search()) == str(model.explain_search())
        for name in ("leaderboard_", "history_", "pareto_front_", "cv_results_", "estimate_"):
            assert repr(getattr(loaded, name)) == repr(getattr(model, name))
        assert loaded.get_params().keys() == model.get_params().keys()
    np.testing.assert_array_equal(loaded.predict_proba(TABLE), model.predict_proba(TABLE))
    assert str(loaded.check_table(TABLE)) == str(model.check_table(TABLE))
    simple = loaded.select(interpretable=True)
    np.testing.assert_array_equal(
        simple.predict(TABLE), model.select(interpretable=True).predict(TABLE)
    )
    assert loaded.classes_.tolist() == ["large", "small"]
    assert loaded.score(TABLE, LABELS) == model.score(TABLE, LABELS)


def test_the_report_of_a_loaded_model_has_all_sections(regressor, saved):
    report, whole = evolearn.load(saved).report().json(), regressor.report().json()
    for part, other in zip(report["sections"], whole["sections"], strict=True):
        if part["key"] == "model":  # a loaded model has no script
            del part["blocks"][-1], other["blocks"][-1]
        assert without_bytes(json.dumps(part)) == without_bytes(json.dumps(other))


def test_a_fresh_process_predicts_the_same(regressor, saved, tmp_path):
    TABLE.to_pickle(tmp_path / "table.pkl")
    code = (
        "import sys, evolearn, numpy, pandas\n"
        "model = evolearn.load(sys.argv[1])\n"
        "numpy.save(sys.argv[3], model.predict(pandas.read_pickle(sys.argv[2])))"
    )
    arguments = [saved, tmp_path / "table.pkl", tmp_path / "predicted.npy"]
    subprocess.run([sys.executable, "-W", "error", "-c", code, *arguments], check=True)
    np.testing.assert_array_equal(np.load(arguments[2]), regressor.predict(TABLE))


def test_the_file_is_small_and_skops_reads_it(regressor, saved, tmp_path):
    joblib.dump(regressor, tmp_path / "model.joblib")
    assert 2 * saved.stat().st_size <= (tmp_path / "model.joblib").stat().st_size
    types = skops_io.get_untrusted_types(file=saved)
    assert len(types) <= 10
    assert "evolearn.export.parts.Part" in types
    loaded = skops_io.load(saved, trusted=types)
    np.testing.assert_array_equal(loaded.predict(TABLE), regressor.predict(TABLE))


def test_the_same_model_makes_the_same_bytes(regressor, saved, tmp_path):
    assert regressor.save(tmp_path / "again").read_bytes() == saved.read_bytes()


def test_facts_are_read_without_the_model(classifier, tmp_path):
    facts = model_facts(classifier.save(tmp_path / "model.evolearn"))
    assert facts["estimator"] == "EvolutionaryClassifier"
    assert facts["classes"] == ["large", "small"]
    assert list(facts["columns"]) == list(TABLE.columns)
    assert facts["estimate"]["corrected"] == classifier.estimate_.corrected
    assert {"evolearn", "Python", "scikit-learn", "numpy", "scipy"} <= facts["versions"].keys()


def test_pickles_of_a_loaded_model_predict_the_same(saved, regressor):
    again = pickle.loads(pickle.dumps(evolearn.load(saved)))
    np.testing.assert_array_equal(again.predict(TABLE), regressor.predict(TABLE))


@pytest.mark.parametrize(
    "call", [lambda m: m.refit(0, TABLE, TARGET), lambda m: m.why_not("svm")]
)
def test_methods_that_need_the_search_say_so(saved, call):
    with pytest.raises(ValueError, match="saved without its search"):
        call(evolearn.load(saved))


# Families with parts of their own: compiled ones, functions, kernels, generators, losses.
FAMILIES = {
    "catboost",
    "gaussian_process",
    "gradient_boosting",
    "hist_gradient_boosting",
    "lightgbm",
    "multi_layer_perceptron",
    "nearest_neighbors",
    "support_vector_machine",
    "xgboost",
}


@pytest.mark.parametrize(
    "family", [f.name for f in registered_families() if f.is_usable and f.name in FAMILIES]
)
def test_members_of_families_are_saved(family):
    *_, (table, space) = ((t, s) for t, s in _spaces(family) if not t.problem.table.sparse)
    for params in choices_of(space[family]):
        model = build_pipeline(space.genome(params), space, table.problem, 0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # small tables do not let all converge
            model.fit(table.matrix, table.target)
        members = compact(skops_io.dumps(model))
        trusted = refuse_others(json.loads(members[SCHEMA]))
        loaded = skops_io.loads(_archive(members), trusted=trusted)
        np.testing.assert_array_equal(loaded.predict(table.matrix), model.predict(table.matrix))


def choices_of(component):
    """Yield the default parameters, and each option of those that are chosen among options."""
    default = {"estimator": component.name}
    yield default
    if component.name == "multi_layer_perceptron":
        return  # arrays alone, whatever is chosen, and slow
    for name, domain in component.parameters.items():
        if isinstance(domain, Choice):
            for option in domain.options:
                yield {**default, f"{component.name}__{name}": option}


def subclasses(kind):
    return {kind}.union(*map(subclasses, kind.__subclasses__()))


def test_every_transformer_of_the_package_is_known():
    names = {
        f"{kind.__module__}.{kind.__qualname__}" for kind in subclasses(base.MatrixTransformer)
    }
    bases = {"MatrixTransformer", "NewRowsTransformer", "ColumnAdder"}
    own = {name for name in names if name.startswith("evolearn.transformers.")}
    assert {name for name in own if name.rpartition(".")[2] not in bases} <= PART_TYPES


# -- parameters and members that are not stored ---------------------------------------------


def error_of(estimator, X, y):
    return -float(np.abs(estimator.predict(X) - y).mean())


def test_functions_are_left_out_with_a_warning(tmp_path):
    model = fitted(EvolutionaryRegressor, TARGET, scoring=error_of, n_evaluations=2)
    with pytest.warns(evolearn.EvolearnWarning, match="without the parameters scoring: func"):
        path = model.save(tmp_path / "model.evolearn")
    loaded = evolearn.load(path)
    np.testing.assert_array_equal(loaded.predict(TABLE), model.predict(TABLE))
    with pytest.raises(ValueError, match="saved without its scoring"):
        loaded.score(TABLE, TARGET)


class OwnTree(DecisionTreeRegressor):
    pass


def test_estimators_of_users_are_refused_and_the_file_stays(tmp_path):
    numbers = TABLE[["size", "rooms"]]
    model = EvolutionaryRegressor(**{**SEARCH, "n_evaluations": 1}, search_space=[OwnTree()])
    model.fit(numbers, TARGET)
    path = tmp_path / "model.evolearn"
    path.write_text("an earlier file")
    with pytest.raises(ValueError, match=r"cannot be saved: .*OwnTree.*use joblib\.dump"):
        model.save(path)
    assert path.read_text() == "an earlier file"
    assert names_in(tmp_path) == ["model.evolearn"]


# -- paths ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "reason"), [(".", "it is a folder"), ("no/model", "there is no folder")]
)
def test_paths_that_cannot_be_written(regressor, tmp_path, place, reason):
    with pytest.raises(ValueError, match=f"The model cannot be written to .*: {reason}"):
        regressor.save(tmp_path / place)


def test_a_disk_that_is_full_leaves_the_file(regressor, tmp_path, monkeypatch):
    path = tmp_path / "model.evolearn"
    path.write_text("an earlier file")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fdopen", full)
    with pytest.raises(OSError, match=r"cannot be written to .*: No space left on device"):
        regressor.save(path)
    assert path.read_text() == "an earlier file"
    assert names_in(tmp_path) == ["model.evolearn"]


def test_paths_that_cannot_be_read(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"The model .*none cannot be read: No such"):
        evolearn.load(tmp_path / "none")
    with pytest.raises(IsADirectoryError, match="cannot be read: Is a directory"):
        evolearn.load(tmp_path)


# -- damaged and foreign files --------------------------------------------------------------


def of_zip(name, content):
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is not a model file"),
        (b"a,b\n1,2\n", "is not a model file"),
        (pickle.dumps([1, 2]), "is not a model file"),
        (of_zip("schema.json", "{}"), "is not a model file"),
        (of_zip("evolearn.json", "{}"), "is cut off, or its end was changed"),
        (_archive({"evolearn.json": b"{}"}), "is not a model file"),
        (_archive({"evolearn.json": b'{"format": 1, "versions": {}}'}), "is refused"),
    ],
)
def test_foreign_files_are_refused(tmp_path, content, reason):
    path = tmp_path / "model.evolearn"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=reason):
        evolearn.load(path)


def test_a_change_of_any_byte_is_found(saved, tmp_path):
    data, path = saved.read_bytes(), tmp_path / "changed"
    places = [*range(0, 40), *range(40, len(data) - 200, len(data) // 40)]
    for place in [*places, *range(len(data) - 200, len(data))]:
        changed = bytearray(data)
        changed[place] ^= 1
        path.write_bytes(changed)
        with pytest.raises(ModelFileError):
            evolearn.load(path)
    for end in (10, len(data) // 2, len(data) - 70, len(data) - 1):
        path.write_bytes(data[:end])
        with pytest.raises(ModelFileError):
            evolearn.load(path)


def test_another_format_names_the_version_to_use(saved, tmp_path):
    path = forged(saved, tmp_path / "new", facts=lambda facts: facts | {"format": 2})
    with pytest.raises(
        ModelFileError, match=r"format 2 .* reads 1; load it with evolearn 0\.1"
    ):
        evolearn.load(path)


# -- files that ask for other types ---------------------------------------------------------


def node(loader, name, **content):
    module, _, kind = name.rpartition(".")
    return {"__loader__": loader, "__module__": module, "__class__": kind, **content}


def text(value):
    return node("JsonNode", "builtins.str", content=json.dumps(value), is_json=True)


def sequence(*values, kind="builtins.tuple"):
    loader = "TupleNode" if kind == "builtins.tuple" else "ListNode"
    return node(loader, kind, content=list(values))


def mapping(**values):
    keys = [node("TypeNode", "builtins.str") for _ in values]
    return node(
        "DictNode",
        "builtins.dict",
        content=values,
        key_types=sequence(*keys, kind="builtins.list"),
    )


COMMAND = sequence(text("echo smuggled > smuggled"))
SYSTEM = node("FunctionNode", "os.system")
PARTIAL = {"args": COMMAND, "kwds": mapping(), "namespace": text(None)}
SMUGGLED = {
    "function": SYSTEM,
    "function as a type": node("TypeNode", "os.system"),
    "object": node("ObjectNode", "subprocess.Popen", content=mapping(args=text("ls"))),
    "call": node("ConstructorFromReduceNode", "os.system", content=COMMAND),
    "call of a known type": node("ConstructorFromReduceNode", "builtins.str", content=COMMAND),
    "call of rows with a function": node(
        "ConstructorFromReduceNode", "evolearn.export.parts.rows", content=sequence(SYSTEM)
    ),
    "call as a list": node("ListNode", "os.system", content=[text("ls")]),
    "call as a set": node("SetNode", "os.system", content=[text("ls")]),
    "call as an array": node("NdArrayNode", "os.system", type="numpy", file="0.npy"),
    "partial": node("PartialNode", "functools.partial", content={"func": SYSTEM, **PARTIAL}),
    "partial of a ufunc": node(
        "PartialNode",
        "functools.partial",
        content={"func": node("FunctionNode", "numpy.log1p"), **PARTIAL},
    ),
    "method": node(
        "MethodNode",
        "sklearn.linear_model._ridge.Ridge",
        content={
            "func": "fit",
            "obj": node("ObjectNode", "sklearn.linear_model._ridge.Ridge", content=mapping()),
        },
    ),
    "method of an operator": node("OperatorFuncNode", "operator.methodcaller", attrs=COMMAND),
    "ufunc": node("FunctionNode", "numpy.frompyfunc"),
    "factory": node(
        "DefaultDictNode",
        "collections.defaultdict",
        content={"main": mapping(), "default_factory": SYSTEM},
    ),
    "loss": node(
        "LossNode", "os.system", __reduce__={"args": COMMAND}, content=mapping(a=text(1))
    ),
    "key": node(
        "DictNode",
        "builtins.dict",
        content={"ls": text(1)},
        key_types=sequence(SYSTEM, kind="builtins.list"),
    ),
    "bit generator": node(
        "RandomGeneratorNode",
        "numpy.random._generator.Generator",
        content={
            "bit_generator": mapping(bit_generator=text("seed")),
            "seed_seq": mapping(entropy=text(1)),
        },
    ),
    "part": node(
        "ObjectNode",
        "evolearn.export.parts.Part",
        content=mapping(kind=text("subprocess.Popen"), state=text(None)),
    ),
    "part without a kind": node("ObjectNode", "evolearn.export.parts.Part", content=text([])),
    "type of evolearn": node("ObjectNode", "evolearn.checkpoint.store.CheckpointStore"),
    "object that is not there": node("CachedNode", "builtins.list", __id__=99_999_999),
    "number of another object": {**text(1), "__id__": 1},
    "unknown node": node("PickleNode", "builtins.bytes", file="0.npy"),
    "names that are no texts": {**text(1), "__class__": ["str"]},
}


@pytest.mark.parametrize("name", SMUGGLED)
def test_nothing_of_a_file_with_other_types_is_constructed(name, saved, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    constructed = []
    monkeypatch.setattr(Part, "__setstate__", lambda self, state: constructed.append(state))

    def smuggle(schema):
        state = schema["content"]["content"]["state"]
        state["content"]["random_state"] = SMUGGLED[name]

    path = forged(saved, tmp_path / "forged", schema=smuggle)
    with pytest.raises(ModelFileError, match="forged is refused"):
        evolearn.load(path)
    assert not constructed
    assert names_in(tmp_path) == ["forged"]


@pytest.mark.parametrize("protocol", [0, 1, True, "2", None])
def test_older_protocols_of_skops_are_refused(protocol, saved, tmp_path):
    path = forged(saved, tmp_path / "old", schema=lambda tree: tree | {"protocol": protocol})
    with pytest.raises(ModelFileError, match="Protocol"):
        evolearn.load(path)


# -- versions and libraries -----------------------------------------------------------------


def with_versions(saved, path, **versions):
    return forged(saved, path, facts=lambda f: f | {"versions": f["versions"] | versions})


def test_other_versions_warn_once_before_the_first_prediction(saved, tmp_path):
    changed = {"evolearn": "0.0.1", "numpy": "1.20.0", "scikit-learn": "1.2.0"}
    path = with_versions(saved, tmp_path / "old", **changed)
    with pytest.warns(
        evolearn.EvolearnWarning,
        match=r"with evolearn 0\.0\.1 and scikit-learn 1\.2\.0 and numpy 1\.20\.0 is loaded",
    ) as caught:
        evolearn.load(path)
    assert [warning.filename for warning in caught] == [__file__]


def test_a_missing_library_of_the_model_is_named(saved, tmp_path):
    path = with_versions(saved, tmp_path / "other", lightgbn="4.0")
    with pytest.raises(ImportError, match=r"needs lightgbn 4\.0, which is not installed"):
        evolearn.load(path)


def test_missing_skops_is_named_with_its_extra(regressor, saved, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "skops.io", None)
    for call in (lambda: regressor.save(tmp_path / "model"), lambda: evolearn.load(saved)):
        with pytest.raises(ImportError, match=r"needs skops; .*evolearn-automl\[save\]"):
            call()
    assert not names_in(tmp_path)
