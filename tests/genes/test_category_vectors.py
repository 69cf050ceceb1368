"""Categories as trained vectors in a pipeline and in a search."""

import random

import numpy as np
import pandas as pd
import pytest

from evolearn import SearchSpace
from evolearn.cost.restriction import restrict
from evolearn.data import prepare_table
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.lineage import warm_started
from evolearn.pipeline.problem import Problem
from evolearn.search.variation import sample

NETWORK = "multi_layer_perceptron"


def mixed(n_rows=120):
    rng = np.random.default_rng(0)
    words = np.array(["river", "mountain", "house", "garden", "winter", "summer", "bread"])
    return pd.DataFrame(
        {
            "area": np.where(rng.random(n_rows) < 0.1, np.nan, rng.normal(size=n_rows)),
            "rent": rng.normal(size=n_rows),
            "note": [" ".join(row) for row in rng.choice(words, size=(n_rows, 5))],
            "city": rng.choice([*"uvwxyz", None], n_rows),
            "kind": rng.choice(list("ab"), n_rows),
        }
    )


def space_of(frame, task):
    schema = prepare_table(frame).schema
    problem = Problem(task, schema, n_classes=2, smallest_class=50)
    space = restrict(SearchSpace.default(task).only(NETWORK), problem)
    quick = {"max_iter": [2, 3], "hidden_layer_sizes": [(8,)], "n_members": [1]}
    return space.constrained(NETWORK, **quick), problem


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.parametrize(
    ("genes", "n_codes"),
    [
        ({}, 2),
        ({"relations": "related", "related__relations": ("cross(c0, c1)", "mean(x0 | c0)")}, 3),
        ({"mask": "masked", "masked__left_out": (1, 2)}, 1),
        ({"selector": "by_trees", "scaler": "power"}, 2),
    ],
)
def test_codes_reach_the_network_whatever_stands_beside(task, genes, n_codes):
    frame = mixed()
    matrix = prepare_table(frame).matrix
    y = np.arange(len(frame)) % 2
    space, problem = space_of(frame, task)
    if "selector" in genes and task == "regression":
        genes = {**genes, "selector": "by_trees_regression"}
    genome = space.genome({"estimator": NETWORK, "encoder": "embedded", **genes})
    assert genome in space
    model = build_pipeline(genome, space, problem, 0).fit(matrix[:90], y[:90])
    inputs = model[:-1].transform(matrix)
    network = getattr(model[-1], "regressor_", model[-1])
    assert network.embedding_.categories.tolist() == list(range(n_codes))
    first = -n_codes if "mask" in genes else -2
    codes = np.nan_to_num(matrix[:, first:][:, : min(n_codes, 2)], nan=-1)
    np.testing.assert_array_equal(inputs[:, : min(n_codes, 2)], codes)


def test_nothing_but_categories_will_do():
    frame = mixed()[["city", "kind"]]
    space, problem = space_of(frame, "classification")
    genome = space.genome({"estimator": NETWORK, "encoder": "embedded"})
    matrix = prepare_table(frame).matrix
    model = build_pipeline(genome, space, problem, 0).fit(matrix, np.arange(len(frame)) % 2)
    assert np.isfinite(model.predict_proba(matrix)).all()


def test_a_child_in_a_search_keeps_what_the_weights_are_of():
    space, _ = space_of(mixed(), "classification")
    parent = space.genome({"estimator": NETWORK, "encoder": "embedded"})
    other = {"encoder": "one_hot", f"{NETWORK}__max_iter": 3}
    child = warm_started(space.genome({"estimator": NETWORK, **other}), parent, space)
    assert child["encoder"].component == "embedded"
    assert child.parent == parent


def test_vectors_are_seldom_drawn():
    space, _ = space_of(mixed(), "classification")
    rng = random.Random(0)
    drawn = [sample(space, rng) for _ in range(400)]
    assert all(genome in space for genome in drawn)
    share = np.mean([genome["encoder"].component == "embedded" for genome in drawn])
    assert 0.02 < share < 0.15
