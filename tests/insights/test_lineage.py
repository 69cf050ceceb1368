"""Lineage of the best candidate in words."""

import numpy as np
import pandas as pd
import pytest

from evolearn import SearchSpace
from evolearn.data import prepare_table
from evolearn.evaluation.candidate import Candidate
from evolearn.evaluation.tasks import Evaluation
from evolearn.insights.lineage import lineage_of
from evolearn.results.insights import Lineage
from evolearn.search.record import Record

SPACE = SearchSpace.default("regression")
SCHEMA = prepare_table(
    pd.DataFrame(
        {
            "area": np.arange(40.0) ** 1.5,
            "rooms": np.arange(40) % 7 + 0.5,
            "city": np.resize(["Bonn", "Hof", "Ulm", "Hof", "Jena"], 40),
        }
    )
).schema
RIDGE = SPACE.genome({"estimator": "ridge"})
NETWORK = SPACE.genome({"estimator": "multi_layer_perceptron"})

#: A genome and its parent, with the words for the difference.
CHANGES = {
    "value": (RIDGE, {"ridge__alpha": 30.0}, "alpha 1 -> 30"),
    "option": (RIDGE, {"scaler": "robust"}, "scaler standard -> robust"),
    "estimator": (RIDGE, {"estimator": "extra_trees"}, "estimator ridge -> extra_trees"),
    "formula": (
        RIDGE,
        {"features": "constructed", "constructed__expressions": ("div(x0, x1)",)},
        "features no_features -> constructed (area / rooms)",
    ),
    "relation": (
        RIDGE,
        {"relations": "related", "related__relations": ("mean(x0 | c0)",)},
        "relations no_relations -> related (mean(area | city))",
    ),
    "mask": (
        RIDGE,
        {"mask": "masked", "masked__left_out": (1, 2)},
        "mask all_columns -> masked (without rooms, city)",
    ),
}


def record(number, genome, error, parents=(), origin="mutation"):
    candidate = Candidate(number, 0, genome, origin if parents else "portfolio", parents)
    return Record(candidate, Evaluation(scores=(), status="scored", error=error))


def steps_of(*records):
    return lineage_of(records[-1].candidate.number, records, SPACE, SCHEMA).steps


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_reads_as_words(name):
    parent, changed, words = CHANGES[name]
    child = SPACE.genome({**parent.params, **changed})
    steps = steps_of(record(0, parent, 2.0), record(1, child, 1.5, parents=(0,)))
    assert steps[0].change.startswith("portfolio entry: ")
    assert parent.estimator in steps[0].change
    assert words in steps[1].change
    assert steps[1].change.startswith("mutation: ")
    assert steps[1].gain == 0.5


def test_the_first_ancestor_has_its_formulas_with_names():
    _, changed, _ = CHANGES["formula"]
    steps = steps_of(record(0, SPACE.genome({**RIDGE.params, **changed}), 1.0))
    assert steps[0].change.endswith(", with area / rooms")


def test_a_formula_that_changes_is_shown_before_and_after():
    first, second = (
        SPACE.genome({**CHANGES["formula"][1], **RIDGE.params, "features": "constructed",
                      "constructed__expressions": (text,)})
        for text in ("div(x0, x1)", "mul(x0, x1)")
    )  # fmt: skip
    steps = steps_of(record(0, first, 2.0), record(1, second, 1.0, parents=(0,)))
    assert "expressions (area / rooms) -> (area * rooms)" in steps[1].change


def test_the_better_parent_is_followed_and_losses_are_shown():
    child = SPACE.genome({**RIDGE.params, "ridge__alpha": 5.0})
    grandchild = SPACE.genome({**RIDGE.params, "ridge__alpha": 7.0})
    steps = steps_of(
        record(0, RIDGE, 2.0),
        record(1, NETWORK, 1.0),
        record(2, child, 2.5, parents=(1, 0), origin="crossover"),
        record(3, grandchild, 0.5, parents=(2,)),
    )
    assert [step.candidate for step in steps] == [1, 2, 3]
    assert [step.gain for step in steps] == [None, -1.5, 2.0]
    words = str(Lineage(steps)).splitlines()
    assert words[0] == "From candidate 1 to candidate 3 in 2 steps, error 1 to 0.5:"
    assert words[2].startswith("  candidate 2: error 2.5 (150 % worse); crossover: ")
    assert words[3] == "  candidate 3: error 0.5 (80 % better); mutation: alpha 5 -> 7"


def test_a_warm_start_and_a_parent_without_an_error_are_named():
    layers = SPACE.genome({**NETWORK.params, "multi_layer_perceptron__max_iter": 35})
    warm = NETWORK.replaced("estimator", layers["estimator"], NETWORK)
    steps = steps_of(record(0, NETWORK, None), record(1, warm, 1.0, parents=(0,)))
    assert "continues the trained models; max_iter" in steps[1].change
    assert steps[1].gain is None
