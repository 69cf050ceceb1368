"""LightGBM, XGBoost and CatBoost: there where they are installed, and nowhere else."""

import importlib
import importlib.util
import pickle
from dataclasses import replace

import numpy as np
import pytest

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor, SearchSpace
from evolearn.cost.restriction import restrict
from evolearn.data import prepare_table
from evolearn.fit.checkpoints import fingerprint_of
from evolearn.fit.data import read_data
from evolearn.fit.settings import Settings
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.domains import Choice
from evolearn.pipeline.portfolio_entries import portfolio_entries
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.user_space import make_space
from evolearn.search.portfolio import portfolio
from evolearn.tasks.sample_weights import fit_weights

LIBRARIES = ("lightgbm", "xgboost", "catboost")
TASKS = ("classification", "regression")
N_ROWS = 300


@pytest.fixture(params=LIBRARIES)
def library(request):
    pytest.importorskip(request.param)
    return request.param


@pytest.fixture
def every_library():
    for name in LIBRARIES:
        pytest.importorskip(name)


@pytest.fixture
def not_installed(monkeypatch):
    found = importlib.util.find_spec

    def find_spec(name, package=None):
        return None if name in LIBRARIES else found(name, package)

    monkeypatch.setattr(importlib.util, "find_spec", find_spec)


def numbers_and_a_category(n_rows=N_ROWS):
    """A matrix as candidates get it: numbers, codes, some of either missing; and a target."""
    rng = np.random.default_rng(0)
    matrix = np.c_[rng.normal(size=(n_rows, 4)), rng.integers(0, 8, n_rows)]
    target = matrix[:, 0] + np.sin(2 * matrix[:, 1]) + matrix[:, 4] % 2
    matrix[rng.random(matrix.shape) < 0.05] = np.nan
    return matrix, target


def problem_of(matrix, task, *, cardinalities=(8,), **changes):
    names = tuple(f"x{j}" for j in range(matrix.shape[1]))
    schema = prepare_table(matrix).schema
    n_numeric = matrix.shape[1] - len(cardinalities)
    table = replace(
        schema, n_numeric=n_numeric, cardinalities=cardinalities, names=names, has_missing=True
    )
    classes = {"n_classes": 2, "smallest_class": 50} if task == "classification" else {}
    return Problem(task, table, **(classes | changes))


def pipeline_of(params, problem, seed=0):
    space = SearchSpace.default(problem.task)
    return build_pipeline(space.genome(params), space, problem, seed)


# -- without them ----------------------------------------------------------------------------


@pytest.mark.usefixtures("not_installed")
@pytest.mark.parametrize("task", TASKS)
def test_what_is_not_installed_is_nowhere_to_be_seen(task):
    space = SearchSpace.default(task)
    assert not set(LIBRARIES) & set(space.names)
    matrix, _ = numbers_and_a_category()
    restricted = restrict(space, problem_of(matrix, task))
    assert not set(LIBRARIES) & set(restricted.left_out)
    genomes = portfolio(restricted, problem_of(matrix, task))
    assert {genome.estimator for genome in genomes} == set(restricted.names)


@pytest.mark.usefixtures("not_installed")
@pytest.mark.parametrize("name", LIBRARIES)
def test_who_names_one_that_is_not_installed_is_told_what_to_install(name):
    with pytest.raises(ValueError, match='not installed; install it, or the extra "boosting"'):
        make_space([name], "regression")


def test_they_are_imported_only_when_one_is_built(run_script):
    script = run_script(
        f"""
        import sys
        from evolearn import SearchSpace

        spaces = [SearchSpace.default(task) for task in {TASKS}]
        assert not set({LIBRARIES}) & set(sys.modules), "imported"
        """
    )
    _, errors = script.communicate(timeout=60)
    assert script.returncode == 0, errors


# -- with them -------------------------------------------------------------------------------


@pytest.mark.parametrize("task", TASKS)
def test_one_that_is_installed_is_part_of_the_default_space(library, task):
    matrix, _ = numbers_and_a_category()
    problem = problem_of(matrix, task)
    space = restrict(SearchSpace.default(task), problem)
    entries = [entry for entry in portfolio_entries(task) if entry["estimator"] == library]
    genomes = [g for g in portfolio(space, problem) if g.estimator == library]
    assert len(genomes) == len(entries) >= 1
    # A misspelt name or value of an entry would have been dropped.
    for entry, genome in zip(entries, genomes, strict=True):
        assert set(entry) <= set(genome.params)


def test_every_evolved_parameter_changes_the_model(library):
    matrix, target = numbers_and_a_category()
    problem = problem_of(matrix, "regression")
    component = SearchSpace.default("regression")[library]
    rounds = next(n for n in ("n_estimators", "iterations") if n in component.parameters)

    def predictions(**values):
        named = {f"{library}__{name}": value for name, value in values.items()}
        pipeline = pipeline_of({"estimator": library, **named}, problem)
        return pipeline.fit(matrix, target).predict(matrix)

    usual = predictions(**{rounds: 30})
    for name, domain in component.parameters.items():
        ends = domain.options if isinstance(domain, Choice) else (domain.low, domain.high)
        others = [60] if name == rounds else [end for end in ends if end != domain.default]
        changed = [predictions(**{rounds: 30, name: other}) for other in others]
        assert not all(np.allclose(one, usual) for one in changed), name


def test_the_seed_decides_the_model(library):
    matrix, target = numbers_and_a_category()
    problem = problem_of(matrix, "regression")
    share = "rsm" if library == "catboost" else "colsample_bytree"
    params = {"estimator": library, f"{library}__{share}": 0.5}
    models = [pipeline_of(params, problem, seed).fit(matrix, target) for seed in (1, 1, 2)]
    seeds = [model.get_params()["estimator__random_state"] for model in models]
    assert seeds[0] == seeds[1] != seeds[2]
    first, again, other = (model.predict(matrix) for model in models)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("library", ["lightgbm", "xgboost"])
def test_native_categories_are_split_as_categories(library):
    pytest.importorskip(library)
    codes = np.random.default_rng(0).integers(0, 8, (1000, 1)).astype(float)
    odd = codes[:, 0] % 2
    problem = problem_of(codes, "regression")
    # One split of eight numbers cannot tell the odd ones; one of categories can.
    leaves = {"lightgbm__num_leaves": 4, "xgboost__max_depth": 2}
    errors = {}
    for encoder in ("native", "ordinal"):
        params = {"estimator": library, "encoder": encoder, **leaves}
        params[f"{library}__n_estimators"] = 30
        params[f"{library}__learning_rate"] = 0.3
        model = pipeline_of(params, problem)
        model.fit(codes, odd)
        errors[encoder] = np.mean((model.predict(codes) - odd) ** 2)
        unknown = np.array([[np.nan], [7.0], [11.0]])
        assert np.isfinite(model.predict(unknown)).all()
    assert errors["native"] < 0.01
    assert errors["native"] < errors["ordinal"] / 2


@pytest.mark.parametrize(
    "labels",
    [(0, 1), (1, 2), (False, True), ("no", "yes"), (0, 1, 2), ("a", "b", "c")],
    ids=str,
)
def test_any_labels_come_back_as_they_were(library, labels):
    matrix, target = numbers_and_a_category()
    quantiles = np.quantile(target, np.arange(1, len(labels)) / len(labels))
    y = np.array(labels)[np.searchsorted(quantiles, target)]
    changes = {"n_classes": len(labels), "zero_one": labels == (0, 1)}
    if labels == (False, True):
        changes["zero_one"] = False  # equal to 0 and 1, and yet others
    problem = problem_of(matrix, "classification", **changes)
    model = pipeline_of({"estimator": library}, problem)
    weights = np.where(y == labels[0], 1e-6, 1.0)
    shares = []
    for given in (None, weights):
        model.fit(matrix, y, **fit_weights(model, given))
        assert model.classes_.tolist() == list(labels)
        predictions = model.predict(matrix)
        assert predictions.shape == y.shape
        assert predictions.dtype == y.dtype or predictions.dtype.kind == y.dtype.kind
        assert set(predictions) <= set(labels)
        shares.append(model.predict_proba(matrix)[:, 0].mean())
    assert shares[1] < shares[0] / 2
    if problem.zero_one:
        assert type(model[-1]).__module__.split(".")[0] == library


def test_a_fit_prints_and_writes_nothing(library, monkeypatch, tmp_path, capfd):
    monkeypatch.chdir(tmp_path)
    matrix, target = numbers_and_a_category(n_rows=30)  # few: LightGBM finds no split
    model = pipeline_of({"estimator": library}, problem_of(matrix, "regression"))
    model.fit(matrix, target).predict(matrix)
    assert capfd.readouterr() == ("", "")
    assert not list(tmp_path.iterdir())


def test_a_small_table_gets_no_more_rounds_than_it_has_rows(library):
    matrix, _ = numbers_and_a_category(n_rows=100)
    space = restrict(SearchSpace.default("regression"), problem_of(matrix, "regression"))
    name = "iterations" if library == "catboost" else "n_estimators"
    assert space[library].parameters[name].high == 100


# -- libraries that are of no use -------------------------------------------------------------


def test_one_that_is_too_old_is_left_out_with_the_reason(library, monkeypatch):
    monkeypatch.setattr(importlib.import_module(library), "__version__", "0.9")
    matrix, _ = numbers_and_a_category()
    space = restrict(SearchSpace.default("regression"), problem_of(matrix, "regression"))
    assert library not in space.names
    assert f"{library} 0.9 is installed, and " in space.left_out[library]


def test_one_that_cannot_be_imported_is_left_out_with_the_reason(library, monkeypatch):
    original = importlib.import_module

    def import_module(name, package=None):
        if name == library:
            raise OSError("libgomp.so.1: cannot open shared object file")
        return original(name, package)

    monkeypatch.setattr(importlib, "import_module", import_module)
    matrix, _ = numbers_and_a_category()
    space = restrict(SearchSpace.default("regression"), problem_of(matrix, "regression"))
    assert library not in space.names
    assert "cannot be imported: libgomp" in space.left_out[library]


def test_another_version_makes_another_checkpoint(library, monkeypatch):
    matrix, target = numbers_and_a_category()
    estimator = EvolutionaryRegressor(search_space=[library], random_state=0)
    settings = Settings.of(estimator)
    data = read_data(settings, matrix, target, None, None)
    before = fingerprint_of(settings, data)
    assert fingerprint_of(settings, data) == before
    monkeypatch.setattr(importlib.import_module(library), "__version__", "99.0")
    assert fingerprint_of(settings, data) != before


# -- a whole search ---------------------------------------------------------------------------


@pytest.mark.usefixtures("every_library")
@pytest.mark.parametrize("kind", [EvolutionaryClassifier, EvolutionaryRegressor])
def test_a_search_of_them_alone_gives_their_own_classes(kind, multiclass, regression, fast):
    X, y = multiclass if kind is EvolutionaryClassifier else regression
    model = kind(**{**fast, "search_space": list(LIBRARIES)}).fit(X, y)
    assert set(model.cv_results_["status"]) <= {"scored", "raced"}
    # Of scaling with more quantiles than rows, which is not theirs, anybody may be told.
    told = [text for one in model.cv_results_["warnings"] for text in one]
    assert all("n_quantiles" in text for text in told), told
    last = model.best_estimator_[-1]
    inner = getattr(last, "regressor_", getattr(last, "estimators_", [last])[0])
    assert type(inner).__module__.split(".")[0] in LIBRARIES
    copy = pickle.loads(pickle.dumps(model))
    assert np.array_equal(copy.predict(X), model.predict(X))
