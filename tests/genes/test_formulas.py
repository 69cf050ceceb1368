"""Constructed features in a pipeline: how formulas are found and evolved."""

import pickle
import random

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit
from sklearn.preprocessing import PolynomialFeatures

from evolearn import Component, EvolutionaryClassifier, EvolutionaryRegressor, SearchSpace
from evolearn.cost.restriction import restrict
from evolearn.data import prepare_table
from evolearn.fit.data import read_data
from evolearn.fit.settings import Settings
from evolearn.fit.setup import choose_effort, make_plan
from evolearn.genes.formulas import FormulaMoves, Formulas
from evolearn.genes.screening.formulas import find_formulas
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.genome import Allele
from evolearn.pipeline.problem import Problem
from evolearn.search.evolution import Evolution
from evolearn.search.genetic_programming import FormulaTrees
from evolearn.search.variation import mate, moves_of, mutate
from evolearn.transformers import (
    ConstructedFeatures,
    parse,
)

SPACE_SLOTS = {"features": ("no_features", "constructed")}


# -- in a pipeline --------------------------------------------------------------------------


def problem(table, task="regression"):
    return Problem(task, prepare_table(table).schema, n_classes=2, smallest_class=20)


def test_codes_of_categories_stay_categories_beside_constructed_features():
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {"a": rng.normal(size=60), "b": rng.normal(size=60), "c": list("uvw") * 20}
    )
    space = restrict(SearchSpace.default("regression"), problem(table))
    matrix = prepare_table(table).matrix
    for name in ("hist_gradient_boosting", "ridge", "extra_trees", "multi_layer_perceptron"):
        genome = space.genome(
            {
                "estimator": name,
                "features": "constructed",
                "constructed__expressions": ("mul(x0, x1)",),
            }
        )
        assert genome in space
        model = build_pipeline(genome, space, problem(table), 0).fit(
            matrix, rng.normal(size=60)
        )
        seen = model.steps[0][1].transform(matrix)
        product = matrix[:, 0] * matrix[:, 1]  # scaled or not
        assert np.corrcoef(seen[:, 2], product)[0, 1] > 0.999
        if name == "hist_gradient_boosting":
            assert model[-1].is_categorical_.tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (np.random.default_rng(0).normal(size=(50, 1)), "2 to 300 columns"),
        (np.random.default_rng(0).normal(size=(50, 301)), "2 to 300 columns"),
        (pd.DataFrame({"a": list("uv") * 25, "b": list("uvwxy") * 10}), "2 to 300 columns"),
    ],
)
def test_tables_that_formulas_are_not_for(table, reason):
    space = restrict(SearchSpace.default("regression"), problem(table))
    assert reason in space.left_out["constructed"]
    assert all("constructed" not in space.slots_of(n).get("features", ()) for n in space.names)


# -- their evolution ------------------------------------------------------------------------

DOMAIN = Formulas(5, known=("div(x0, x1)", "mul(x2, log1p(x3))"))


@pytest.mark.parametrize("seed", range(10))
def test_every_move_stays_in_the_domain_and_leaves_the_global_generator_alone(seed):
    before = random.getstate()
    rng = random.Random(seed)
    moves = FormulaMoves(DOMAIN, rng)
    sets = [DOMAIN.sample(rng), DOMAIN.default]

    def drawn():
        return Allele.of("constructed", {"expressions": rng.choice(sets)})

    for _ in range(40):
        mutated = moves.mutated(drawn(), ["constructed"])
        mixed = moves.mixed(drawn(), drawn(), ["constructed"])
        sets += [dict(allele.values)["expressions"] for allele in (mutated, mixed)]
        sets.append(DOMAIN.mutate(rng.choice(sets), rng))
    assert all(one in DOMAIN for one in sets)
    assert len({text for one in sets for text in one}) > 20
    assert random.getstate() == before
    one, again = (
        FormulaTrees(range(5), DOMAIN.allows, random.Random(seed)).mutate("div(x0, x1)")
        for _ in range(2)
    )
    assert one == again


def formula_space(task="regression"):
    table = np.random.default_rng(0).normal(size=(60, 5))
    space = restrict(SearchSpace.default(task), problem(table, task))
    return space.constrained("constructed", expressions=DOMAIN)


def test_a_good_set_travels_to_another_estimator_by_crossover():
    space = formula_space()
    good = {"features": "constructed", "constructed__expressions": ("div(x0, x1)",)}
    donor = space.genome({"estimator": "ridge", **good})
    receiver = space.genome({"estimator": "extra_trees"})
    child = mate(receiver, donor, space, random.Random(0))
    assert child.estimator == "extra_trees"
    assert dict(child["features"].values)["expressions"] == ("div(x0, x1)",)


def test_children_cross_and_change_formulas_within():
    space, rng = formula_space(), random.Random(0)
    moves = moves_of(space, rng)
    sets = [("div(x0, x1)", "sqrt(add(x2, x3))"), ("mul(x4, log1p(x3))",)]
    parents = [
        space.genome(
            {"estimator": "ridge", "features": "constructed", "constructed__expressions": one}
        )
        for one in sets
    ]
    children = [mate(*parents, space, rng, moves) for _ in range(60)]
    children += [mutate(parents[0], space, rng, moves) for _ in range(120)]
    assert all(child in space for child in children)
    formulas = {
        text
        for child in children
        for text in dict(child["features"].values).get("expressions", ())
    }
    assert len(formulas - {text for one in sets for text in one}) > 10
    assert any(child["features"].component == "no_features" for child in children)


def test_components_of_the_users_in_this_slot_or_of_this_name_are_theirs(fast):
    X, y = table_of(lambda a, b: a * b, 2, n_rows=200)
    mine = Component("mine", ConstructedFeatures, {"expressions": [("mul(x0, x1)",), ()]})
    poly = Component("poly", PolynomialFeatures(degree=2, include_bias=False))
    spaces = [
        SearchSpace(
            [Component("ridge", Ridge, slots={"features": ("mine",)})], {"features": [mine]}
        ),
        SearchSpace(
            [Component("ridge", Ridge, slots={"features": ("no_features", "poly")})],
            {"features": [Component("no_features", None), poly]},
        ),
        SearchSpace(
            [
                Component("constructed", Ridge, {"alpha": [1.0, 2.0]}, slots=SPACE_SLOTS),
                Component("ridge", Ridge, slots=SPACE_SLOTS),
            ]
        ),
    ]
    for space in spaces:
        model = EvolutionaryRegressor(**{**fast, "search_space": space, "n_evaluations": 12})
        model.fit(X, y.ravel())
        assert np.isfinite(model.cv_results_["fitness"]).all()
    assert "poly" in set(
        EvolutionaryRegressor(**{**fast, "search_space": spaces[1], "n_evaluations": 12})
        .fit(X, y.ravel())
        .cv_results_["param_features"]
    )


def test_a_search_proposes_formulas_and_repeats_itself():
    runs = []
    for _ in range(2):
        search = Evolution(formula_space(), population_size=6, rng=random.Random(1))
        candidates = []
        for _ in range(60):
            candidate = search.ask()
            candidates.append(candidate)
            search.tell(candidate, 1.0 if candidate.genome["features"].values else 2.0)
        runs.append([c.genome.key for c in candidates])
    assert runs[0] == runs[1]
    assert sum("constructed" in key for key in runs[0][40:]) > 10


# -- breeding -------------------------------------------------------------------------------


def found_formulas(X, y, seed=0):
    return find_formulas(X, y, Formulas(X.shape[1]).allows, seed)


def table_of(function, n_columns, seed=0, n_rows=800):
    rng = np.random.default_rng(seed)
    X = rng.uniform(1.0, 5.0, size=(n_rows, n_columns + 4))
    y = function(*X.T[:n_columns])
    return X, (y + 0.05 * y.std() * rng.normal(size=n_rows)).reshape(-1, 1)


@pytest.mark.parametrize(
    ("function", "n_columns"),
    [
        (lambda a, b: a * b, 2),
        (lambda a, b, c: a * b / c, 3),
        (lambda a, b: np.log1p(a) / b, 2),
        (lambda a, b, c, d: a * b + c / d, 4),
    ],
)
def test_breeding_finds_what_no_single_column_tells(function, n_columns):
    X, y = table_of(function, n_columns)
    bred = found_formulas(X, y, seed=0)
    assert bred.share > 0.8
    involved = {column for text in bred.formulas for column in parse(text).columns}
    assert involved >= set(range(n_columns))
    assert found_formulas(X, y, seed=0) == bred


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_bred_of_noise_or_of_what_single_columns_tell(seed):
    X, y = table_of(lambda a, b: np.sqrt(a) + b**2, 2, seed)
    assert found_formulas(X, y, seed).formulas == ()
    noise = np.random.default_rng(seed).normal(size=(len(X), 1))
    assert found_formulas(X, noise, seed).formulas == ()


@pytest.mark.parametrize(
    "X",
    [
        np.ones((200, 3)),
        np.full((200, 3), np.nan),
        np.random.default_rng(0).normal(size=(20, 3)),
        np.column_stack([np.arange(200.0), np.full(200, np.nan), np.zeros(200)]),
        np.random.default_rng(0).normal(size=(200, 3)) * [1e300, 1e-300, 1e150],
        np.random.default_rng(0).normal(size=(200, 3)) + [1e18, 1e9, -1e15],
        np.random.default_rng(0).integers(0, 2, size=(200, 30)).astype(float),
    ],
)
@pytest.mark.parametrize("scale", [0.0, 1.0, 1e-300, 1e300])
@pytest.mark.filterwarnings("error")
def test_tables_of_which_nothing_can_be_bred_do_no_harm(X, scale):
    y = np.random.default_rng(1).normal(size=(len(X), 1))
    assert found_formulas(X, scale * y, 0).formulas == ()


def test_columns_of_two_values_are_bred_until_nothing_is_left_to_explain():
    X = np.random.default_rng(0).integers(0, 2, (300, 3)).astype(float)
    for target in (X[:, 0] * X[:, 1], (X[:, 0] != X[:, 1]).astype(float)):
        assert found_formulas(X, target.reshape(-1, 1), 0).share > 0.9


def test_a_class_of_one_row_proves_nothing():
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(400, 5)), rng.integers(0, 2, 400)
    y[7] = 2
    targets = np.column_stack([y == label for label in (0, 1, 2)]).astype(float)
    assert found_formulas(X, targets, 3).formulas == ()


@pytest.mark.parametrize(
    ("settings", "groups", "bred"),
    [
        ({"time_budget": None}, None, True),
        ({"time_budget": 60.0, "cv": 4}, None, True),
        ({"time_budget": 5.0}, None, False),
        ({"time_budget": None}, np.arange(200) // 10, False),
        ({"time_budget": None, "cv": TimeSeriesSplit(4)}, None, False),
    ],
)
def test_formulas_are_bred_where_rows_are_independent_and_there_is_time(settings, groups, bred):
    X, y = table_of(lambda a, b: a * b, 2, n_rows=200)
    model = EvolutionaryRegressor(**settings, random_state=0)
    data = read_data(Settings.of(model), X, y.ravel(), None, groups)
    plan = make_plan(Settings.of(model), data, choose_effort(Settings.of(model), data))
    domain = plan.space.component("features", "constructed").parameters["expressions"]
    assert bool(domain.known) is bred


def test_what_is_bred_depends_on_no_unit():
    X, y = table_of(lambda a, b, c: a * b / c, 3)
    units = np.array([1e6, 1e-6, 1e3, 1.0, 1.0, 1.0, 1.0])
    assert found_formulas(X * units, y * 1e100, 0).formulas


# -- through to the user --------------------------------------------------------------------


def test_a_search_finds_a_ratio_and_shows_it(fast):
    X, y = table_of(lambda a, b, c: a * b / c, 3, n_rows=400)
    frame = pd.DataFrame(X, columns=["mass", "speed", "width", *"pqrs"])
    frame.iloc[::37, 4] = np.nan
    names = ["ridge", "decision_tree"]
    errors, models = [], []
    for left_out in ((), ("constructed",)):
        space = SearchSpace.default("regression").only(*names).without(*left_out)
        settings = {**fast, "search_space": space, "n_evaluations": 24}
        model = EvolutionaryRegressor(**settings)
        models.append(model.fit(frame, y.ravel()))
        errors.append(model.best_fitness_)
    assert errors[0] < 0.7 * errors[1]
    best = models[0].best_estimator_
    shown = " ".join(best[:-1].get_feature_names_out())
    assert {"mass", "speed", "width"} <= set(shown.replace("(", " ").replace(")", " ").split())
    assert any(operator in shown for operator in (" / ", " * "))
    assert "constructed__expressions" in models[0].best_params_
    again = pickle.loads(pickle.dumps(best))
    np.testing.assert_array_equal(again.predict(frame), best.predict(frame))


def test_classes_that_a_ratio_separates(fast):
    X, y = table_of(lambda a, b: a / b, 2, n_rows=400)
    labels = np.where(y.ravel() > np.median(y), "high", "low")
    names = ["logistic_regression", "decision_tree"]
    settings = {**fast, "search_space": names, "n_evaluations": 16}
    model = EvolutionaryClassifier(**settings).fit(X, labels)
    assert "constructed" in set(model.cv_results_["param_features"])
    assert model.score(X, labels) > 0.9
