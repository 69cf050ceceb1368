"""Relations of categories to other columns: in a pipeline, and how they are found."""

import pickle
import random
import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import Ridge
from sklearn.model_selection import TimeSeriesSplit, cross_val_score

from evolearn import Component, EvolutionaryClassifier, EvolutionaryRegressor, SearchSpace
from evolearn.cost.restriction import restrict
from evolearn.data import prepare_table
from evolearn.fit.data import read_data
from evolearn.fit.settings import Settings
from evolearn.fit.setup import choose_effort, make_plan
from evolearn.genes.relations import Relations
from evolearn.genes.screening.relations import find_relations
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.problem import Problem
from evolearn.search.evolution import Evolution
from evolearn.search.variation import mate, mutate, sample
from evolearn.transformers import KINDS, CategoryRelations, parse_relation

ALL = (
    "frequency(c0)",
    "cross(c0, c1)",
    "mean(x0 | c1)",
    "std(x1 | c0)",
    "x0 - mean(x0 | c1)",
)


# -- in a pipeline --------------------------------------------------------------------------


def mixed(n_rows=300, seed=0):
    """A frame of numbers and categories."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "area": rng.normal(size=n_rows),
            "rent": rng.normal(size=n_rows),
            "city": rng.choice(list("uvwxyz"), n_rows),
            "kind": rng.choice(list("ab"), n_rows),
        }
    )


def problem(frame, task="regression"):
    return Problem(task, prepare_table(frame).schema, n_classes=2, smallest_class=40)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_every_estimator_and_encoder_takes_relations_and_formulas_beside(task):
    frame = mixed()
    target = np.arange(len(frame)) % 2
    space = restrict(SearchSpace.default(task), problem(frame, task))
    matrix = prepare_table(frame).matrix
    matrix[::9, 2] = np.nan
    tried = 0
    for name in ("hist_gradient_boosting", "decision_tree", "gaussian_process", "ridge"):
        if name not in space.names:
            continue
        for encoder in space.slots_of(name)["encoder"]:
            genome = space.genome(
                {
                    "estimator": name,
                    "encoder": encoder,
                    "relations": "related",
                    "related__relations": ALL,
                    "features": "constructed",
                    "constructed__expressions": ("mul(x0, x1)",),
                }
            )
            assert genome in space
            model = build_pipeline(genome, space, problem(frame, task), 0).fit(
                matrix[:200], target[:200]
            )
            model.predict(matrix[200:])
            if encoder == "native":
                assert model[-1].is_categorical_.tolist() == [False] * 7 + [True] * 3
            tried += 1
    assert tried >= 6


def test_tables_without_categories_have_no_relations():
    numbers = mixed()[["area", "rent"]]
    space = restrict(SearchSpace.default("regression"), problem(numbers))
    assert space.left_out["related"] == "there are no categories"
    assert all("relations" not in space.slots_of(name) for name in space.names)


def test_a_search_on_numbers_is_the_same_as_without_the_slot():
    space = restrict(SearchSpace.default("regression"), problem(mixed()[["area", "rent"]]))
    slots = {slot: cs for slot, cs in space.preparation.items() if slot != "relations"}
    keys = [
        [candidate.genome.key for candidate in proposals(one)]
        for one in (space, SearchSpace(space.estimators, slots))
    ]
    assert keys[0] == keys[1]


# -- their evolution ------------------------------------------------------------------------

FOUND = ("cross(c0, c1)", "x1 - mean(x1 | c0)")


@pytest.mark.parametrize("found", [(), FOUND])
@pytest.mark.parametrize(("n_numbers", "n_categories"), [(3, 4), (0, 1), (2, 1), (0, 3)])
def test_every_move_stays_in_the_domain(n_numbers, n_categories, found):
    domain = Relations(n_numbers, n_categories)
    domain = Relations(n_numbers, n_categories, known=domain.of(found))
    rng = random.Random(0)
    before = random.getstate()
    sets = [domain.default, domain.sample(rng)]
    for _ in range(100):
        sets.append(domain.sample(rng))
        sets.append(domain.mutate(rng.choice(sets), rng))
        sets.append(domain.mix(*(rng.choice(sets[1:]) for _ in range(2)), rng))
    assert all(one in domain for one in sets)
    assert all(sets[1:]), "no move ends without any"
    assert random.getstate() == before
    kinds = {parse_relation(text).kind for one in sets for text in one}
    expected = {
        name
        for name, kind in KINDS.items()
        if kind.n_categories <= n_categories and (n_numbers or not kind.has_number)
    }
    assert kinds == expected


def relation_space(found=()):
    space = restrict(SearchSpace.default("regression"), problem(mixed()))
    return space.constrained("related", relations=Relations(2, 2, known=found))


def proposals(space, n_wanted=500):
    search = Evolution(space, population_size=8, rng=random.Random(1))
    candidates = []
    for number in range(n_wanted):
        candidates.append(search.ask())
        search.tell(candidates[-1], float(number % 7))
    return candidates


def test_relations_are_seldom_tried_where_none_is_known_to_tell_anything():
    drawn, gained = {}, {}
    for found in ((), FOUND):
        space, rng = relation_space(found), random.Random(0)
        plain = space.genome({"estimator": "ridge"})
        draws = [sample(space, rng).key for _ in range(500)]
        children = [mutate(plain, space, rng).key for _ in range(1_000)]
        drawn[found], gained[found] = (
            np.mean(["relations=related" in key for key in keys]) for keys in (draws, children)
        )
    assert 0 < drawn[()] < 0.5 * drawn[FOUND]
    assert 0 < gained[()] < 0.5 * gained[FOUND]


def test_a_good_set_travels_to_another_estimator_by_crossover():
    space = relation_space()
    good = {"relations": "related", "related__relations": FOUND}
    donor = space.genome({"estimator": "ridge", **good})
    child = mate(space.genome({"estimator": "extra_trees"}), donor, space, random.Random(0))
    assert child.estimator == "extra_trees"
    assert dict(child["relations"].values)["relations"] == FOUND


# -- how they are found ---------------------------------------------------------------------


def related_table(seed, n_rows=2000):
    """A target that a cross of categories, and one that a deviation within one decides."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(n_rows, 3))
    codes = rng.integers(0, [8, 8, 20], size=(n_rows, 3))
    effects = rng.normal(size=(8, 8))
    level = 3.0 * rng.normal(size=20)[codes[:, 2]]
    numbers[:, 1] += level
    noise = 0.3 * rng.normal(size=n_rows)
    cross = effects[codes[:, 0], codes[:, 1]] + noise
    within = np.abs(numbers[:, 1] - level) + noise
    return np.hstack([numbers, codes]), cross.reshape(-1, 1), within.reshape(-1, 1)


def gain(X, target, relations):
    """Return the share of the squared error of boosted trees that relations save."""
    made = CategoryRelations(relations=relations, n_categorical=3).fit_transform(X)
    scores = [
        cross_val_score(
            HistGradientBoostingRegressor(max_iter=30), columns, target.ravel(), cv=2
        )
        for columns in (X, made)
    ]
    before, after = (1 - one.mean() for one in scores)
    return 1 - after / before


@pytest.mark.parametrize("seed", range(2))
def test_a_cross_and_a_grouping_are_found(seed):
    X, cross, within = related_table(seed)
    of_cross, of_within = find_relations(X, 3, cross, seed), find_relations(X, 3, within, seed)
    assert of_cross[0] == "cross(c0, c1)"
    assert of_within[0] == "x1 - mean(x1 | c2)"
    assert min(gain(X, cross, of_cross), gain(X, within, of_within)) > 0.1
    assert find_relations(X, 3, cross, seed) == of_cross


@pytest.mark.parametrize("seed", range(8))
def test_nothing_is_found_in_noise_or_in_what_trees_find_by_themselves(seed):
    X, *_ = related_table(seed)
    rng = np.random.default_rng(seed)
    noise = rng.normal(size=(len(X), 1))
    assert find_relations(X, 3, noise, seed) == ()
    plain = np.column_stack([rng.normal(size=8)[X[:, 3].astype(int)] + X[:, 0]])
    assert find_relations(X, 3, plain + noise, seed) == ()


@pytest.mark.parametrize(
    "X",
    [
        np.zeros((300, 4)),
        np.full((300, 4), np.nan),
        np.zeros((50, 4)),
        np.tile(np.arange(300.0), (4, 1)).T,
    ],
)
@pytest.mark.filterwarnings("error")
def test_tables_that_tell_nothing_do_no_harm(X):
    y = np.random.default_rng(0).normal(size=(len(X), 1))
    for n_numbers in (0, 2, 4):
        assert find_relations(X, n_numbers, y, 0) == ()
        assert find_relations(X, n_numbers, np.zeros_like(y), 0) == ()


@pytest.mark.parametrize(
    ("settings", "groups", "found"),
    [
        ({"time_budget": None}, None, True),
        ({"time_budget": 60.0, "cv": 4}, None, True),
        ({"time_budget": 5.0}, None, False),
        ({"time_budget": None}, np.arange(1500) // 10, False),
        ({"time_budget": None, "cv": TimeSeriesSplit(4)}, None, False),
    ],
)
def test_relations_are_looked_for_where_rows_are_independent_and_there_is_time(
    settings, groups, found
):
    X, y = frame_of_a_cross()
    model = EvolutionaryRegressor(**settings, random_state=0)
    data = read_data(Settings.of(model), X, y, None, groups)
    plan = make_plan(Settings.of(model), data, choose_effort(Settings.of(model), data))
    domain = plan.space.component("relations", "related").parameters["relations"]
    assert bool(domain.known) is found
    first = [genome for genome in plan.search().initial[:12] if "relations" in genome]
    assert any(genome["relations"].component == "related" for genome in first) is found


def test_an_estimator_of_the_users_may_be_called_as_the_step_is():
    X, y = frame_of_a_cross()
    space = SearchSpace.default("regression")
    own = Component("related", Ridge, {"alpha": [1.0, 2.0]})
    model = EvolutionaryRegressor(search_space=SearchSpace([own, *space.estimators]))
    data = read_data(Settings.of(model), X, y, None, None)
    plan = make_plan(Settings.of(model), data, choose_effort(Settings.of(model), data))
    assert plan.space.component("relations", "related").parameters["relations"].known
    assert set(plan.space["related"].parameters) == {"alpha"}


# -- through to the user --------------------------------------------------------------------


def frame_of_a_cross(seed=0, n_rows=1500):
    X, cross, _ = related_table(seed, n_rows)
    frame = pd.DataFrame(X[:, :3], columns=["area", "rent", "age"])
    for position, name in enumerate(["city", "kind", "street"]):
        frame[name] = [f"{name}{int(code)}" for code in X[:, 3 + position]]
    frame.loc[::50, "city"] = None
    return frame, cross.ravel()


def test_a_search_finds_a_cross_and_shows_it(fast):
    frame, y = frame_of_a_cross()
    errors, models = [], []
    for left_out in ((), ("related",)):
        # Trees, and products of one-hot encoded categories, would know the cross by themselves.
        space = SearchSpace.default("regression").only("ridge").without("polynomial")
        settings = {**fast, "search_space": space.without(*left_out), "n_evaluations": 10}
        models.append(EvolutionaryRegressor(**settings).fit(frame, y))
        errors.append(models[-1].best_fitness_)
    assert errors[0] < 0.8 * errors[1]
    best = models[0].best_estimator_
    assert best.named_steps["relations"].relations
    assert "city x kind" in " ".join(best[:2].get_feature_names_out())
    assert "cross(c0, c1)" in models[0].best_params_["related__relations"]
    again = pickle.loads(pickle.dumps(best))
    np.testing.assert_array_equal(again.predict(frame), best.predict(frame))


def test_classes_that_a_cross_separates(fast):
    frame, y = frame_of_a_cross(n_rows=2500)
    labels = np.where(y > np.median(y), "high", "low")
    settings = {**fast, "search_space": ["logistic_regression"], "n_evaluations": 8}
    model = EvolutionaryClassifier(**settings).fit(frame, labels)
    assert "related" in set(model.cv_results_["param_relations"])
    assert model.best_params_["relations"] == "related"


@pytest.mark.parametrize("name", ["ridge", "extra_trees", "hist_gradient_boosting"])
def test_genomes_that_prepare_alike_have_the_same_steps(name):
    space = relation_space()
    one = space.genome({"estimator": name, "encoder": "target_mean"})
    genes = {
        **{slot: one[slot] for slot in one},
        "estimator": space[name].sample(random.Random(1)),
    }
    other = Genome(tuple(genes.items()))
    assert other != one
    first, second = (
        build_pipeline(genome, space, problem(mixed()), 0)[:-1].get_params()
        for genome in (one, other)
    )
    assert "TargetEncoder" in str(first)
    assert str(first) == str(second)


def test_words_of_a_text_are_no_categories_to_relate(fast):
    frame, y = frame_of_a_cross(n_rows=2500)
    words = np.array(["river", "mountain", "house", "garden", "winter", "summer", "bread"])
    draws = np.random.default_rng(0).integers(len(words), size=(len(frame), 5))
    frame["note"] = [" ".join(row) for row in words[draws]]
    settings = {**fast, "search_space": ["ridge"], "n_evaluations": 3}
    model = EvolutionaryRegressor(**settings).fit(frame, y)
    assert (
        "cross(c0, c1)"
        in model.search_space_.component("relations", "related").parameters["relations"].known
    )
    assert not any(model.cv_results_["failure"])


# -- the benchmark of leakage -----------------------------------------------------------------


@pytest.mark.skipif(sys.platform != "linux", reason="benchmarks look into /proc")
@pytest.mark.parametrize("task", ["classification", "regression"])
def test_the_leakage_benchmark_sees_a_leak_and_none_where_there_is_none(task):
    leakage = pytest.importorskip("leakage")
    known = leakage.cases(task)
    cases = [leakage.CONTROL, *(case for case in known if "cross, target" in case)]
    control, *others = (
        leakage.measured(task, known[case], 0, case == leakage.CONTROL) for case in cases
    )
    assert control > 0.75
    assert len(others) == 2
    assert all(0.35 < auc < 0.65 for auc in others)
