"""Columns that are left out: the gene and its evolution."""

import random
from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix

from evolearn import EvolutionaryRegressor, SearchSpace
from evolearn.cost.restriction import restrict
from evolearn.data import prepare_table
from evolearn.genes.mask import Columns
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.problem import Problem
from evolearn.search.evolution import Evolution
from evolearn.search.variation import mate


def mixed(n_rows=300):
    """A frame of two numbers, two categories and a date."""
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "area": rng.normal(size=n_rows),
            "rent": rng.normal(size=n_rows),
            "city": rng.choice(list("uvwxyz"), n_rows),
            "kind": rng.choice(list("ab"), n_rows),
        }
    )


def problem(frame):
    return Problem("regression", prepare_table(frame).schema)


def space_of(frame):
    return restrict(SearchSpace.default("regression"), problem(frame))


@pytest.mark.parametrize("n_columns", range(6))
def test_every_move_stays_in_the_domain(n_columns):
    domain, rng = Columns(n_columns), random.Random(0)
    before = random.getstate()
    sets = [domain.default]
    for _ in range(300):
        sets.append(domain.sample(rng))
        sets.append(domain.mutate(rng.choice(sets), rng))
        sets.append(domain.mix(rng.choice(sets), rng.choice(sets), rng))
    assert random.getstate() == before
    assert all(one in domain for one in sets)
    every = [
        c for size in range(n_columns // 2 + 1) for c in combinations(range(n_columns), size)
    ]
    assert set(sets) == set(every), "all of it is reached"
    for refused in ((1, 0), (0, 0), (n_columns,), [0], (0.5,), (*range(n_columns // 2 + 1),)):
        assert refused not in domain


def test_both_parents_agree_on_what_stays_left_out():
    domain, rng = Columns(20), random.Random(0)
    for _ in range(20):
        child = set(domain.mix((1, 4, 9), (4, 9, 12), rng))
        assert {4, 9} <= child <= {1, 4, 9, 12}


@pytest.mark.parametrize("left_out", [(0,), (0, 1), (2, 3), (1, 2)])
@pytest.mark.parametrize("formulas", [(), ("mul(x0, x1)",)])
@pytest.mark.parametrize("name", ["hist_gradient_boosting", "ridge", "decision_tree"])
def test_what_is_masked_tells_nothing_and_the_rest_as_before(name, formulas, left_out):
    frame = mixed()
    space = space_of(frame)
    matrix = prepare_table(frame).matrix
    genome = space.genome(
        {
            "estimator": name,
            "mask": "masked",
            "masked__left_out": left_out,
            "features": "constructed" if formulas else "no_features",
            "constructed__expressions": formulas,
        }
    )
    assert genome in space
    model = build_pipeline(genome, space, problem(frame), 0)
    model.fit(matrix, matrix @ [1.0, 2.0, 3.0, 4.0])
    answers = model.predict(matrix)
    for column in range(4):
        other = matrix.copy()
        other[:, column] = other[::-1, column]
        same = np.array_equal(model.predict(other), answers)
        assert same == (column in left_out and not (formulas and column < 2))
    if name == "hist_gradient_boosting":
        categorical = model[-1].is_categorical_
        n_codes = 0 if categorical is None else categorical.sum()
        assert n_codes == 2 - sum(column >= 2 for column in left_out)


def test_dates_and_numbers_alone_can_be_left_out():
    frame = mixed()[["area", "rent"]]
    frame["when"] = pd.date_range("2021-03-01", periods=len(frame), freq="7h")
    prepared, space = prepare_table(frame), space_of(frame)
    seconds = prepared.schema.dates[0].start
    genome = space.genome(
        {"estimator": "ridge", "mask": "masked", "masked__left_out": (0, seconds)}
    )
    y = prepared.matrix[:, seconds] / 1e6 + prepared.matrix[:, 1]
    model = build_pipeline(genome, space, problem(frame), 0).fit(prepared.matrix, y)
    names = model[:-1].get_feature_names_out(prepared.schema.names).tolist()
    assert "rent" in names
    assert not {"area", "when_seconds"} & set(names)
    assert any(name.startswith("sin(2 * when_") for name in names)


@pytest.mark.parametrize(
    "table",
    [
        mixed()[["area"]],
        pd.DataFrame(np.random.default_rng(0).normal(size=(30, 101))),
        csr_matrix(np.random.default_rng(0).integers(0, 3, size=(30, 10)).astype(float)),
    ],
    ids=["one column", "wide", "sparse"],
)
def test_tables_on_which_masks_are_of_no_use_have_none(table):
    space = space_of(table)
    assert "2 to 100 columns of dense data" in space.left_out["masked"]
    assert all("mask" not in space.slots_of(name) for name in space.names)


def test_masks_are_tried_but_seldom():
    search = Evolution(space_of(mixed()), population_size=8, rng=random.Random(1))
    masked = []
    for number in range(500):
        candidate = search.ask()
        masked.append("mask=masked" in candidate.genome.key)
        # They bring nothing here: else one lucky mask would have many children.
        search.tell(candidate, float(number % 7) + 7 * masked[-1])
    assert 0.005 < np.mean(masked) < 0.15


def test_a_mask_travels_to_another_estimator_by_crossover():
    space = space_of(mixed())
    donor = space.genome({"estimator": "ridge", "mask": "masked", "masked__left_out": (1, 3)})
    child = mate(space.genome({"estimator": "extra_trees"}), donor, space, random.Random(0))
    assert child.estimator == "extra_trees"
    assert dict(child["mask"].values)["left_out"] == (1, 3)


def test_a_search_leaves_out_what_misleads_neighbours(fast):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(120, 4))
    y = X[:, 0] + X[:, 1]
    space = SearchSpace.default("regression").only("nearest_neighbors")
    alone = SearchSpace(space.estimators, {"mask": space.preparation["mask"]})
    settings = {**fast, "search_space": alone, "n_evaluations": 120}
    settings |= {"n_iter_no_change": None}
    model = EvolutionaryRegressor(**settings).fit(X, y)
    left_out = list(model.best_params_["masked__left_out"])
    assert left_out
    assert set(left_out) <= {2, 3}
    other = X.copy()
    other[:, left_out] = 0
    best = model.best_estimator_
    np.testing.assert_array_equal(best.predict(other), best.predict(X))
