"""Cross-validation promises what new rows keep, where they have categories never seen."""

import warnings
from contextlib import contextmanager

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold
from threadpoolctl import threadpool_limits

from evolearn import SearchSpace
from evolearn.cost.restriction import restrict
from evolearn.data import prepare_table
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.registry import default_components, registered_genes

TASKS = ("classification", "regression")
SLOW = ("gaussian_process", "support_vector_machine")
QUICK = {
    "catboost": {"iterations": 30},
    "decision_tree": {"max_leaf_nodes": 200},
    "extra_trees": {"n_estimators": 50},
    "gradient_boosting": {"n_estimators": 50},
    "hist_gradient_boosting": {"max_iter": 30, "early_stopping": False},
    "lightgbm": {"n_estimators": 30, "min_child_samples": 1},
    "multi_layer_perceptron": {"max_iter": 8, "n_members": 1, "hidden_layer_sizes": (32, 32)},
    "random_forest": {"n_estimators": 50},
    "xgboost": {"n_estimators": 30},
}
VALUES = {
    "related": {"relations": ("frequency(c0)", "mean(x0 | c0)", "cross(c0, c1)")},
    "constructed": {"expressions": ("mul(x0, x1)",)},
    "masked": {"left_out": (1,)},
}


def street(n_rows, n_houses, seed):
    """A frame whose target rises along the sorted names of houses."""
    rng = np.random.default_rng(seed)
    house = rng.integers(0, n_houses, n_rows)
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=n_rows),
            "id": rng.integers(0, 40, n_rows),
            "house": [f"house {number:04d}" for number in house],
            "kind": rng.choice(list("abc"), n_rows),
        }
    )
    return frame, 4.0 * house / n_houses + 0.3 * frame["x"].to_numpy() + 5.0


class Street:
    """The frame with its numeric matrix and a space of quick models."""

    def __init__(self, n_rows, n_houses, task="regression"):
        self.frame, y = street(n_rows, n_houses, 0)
        self.y = (y > 7).astype(int) if task == "classification" else y
        self.prepared = prepare_table(self.frame)
        facts = {"positive_target": True}
        if task == "classification":
            facts = {"n_classes": 2, "smallest_class": n_rows // 3, "zero_one": True}
        facts |= {"findings": {"identifiers": (1,)}, "incomplete": (0, 1)}
        self.problem = Problem(task, self.prepared.schema, **facts)
        self.space = restrict(SearchSpace.default(task), self.problem)

    def model(self, estimator, gene, option):
        """The unfitted pipeline of an estimator with an option of a gene."""
        flat = {"estimator": estimator, gene: option}
        for name, values in ((estimator, QUICK), (option, VALUES)):
            flat |= {f"{name}__{key}": value for key, value in values.get(name, {}).items()}
        return build_pipeline(self.space.genome(flat), self.space, self.problem, 0)


@contextmanager
def quiet():
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


GENE_OPTIONS = [
    (gene.name, option.name)
    for gene in registered_genes()
    for option in gene.components
    if "regression" in (option.tasks or TASKS)
]


@pytest.fixture(scope="module")
def long_street():
    """Half of the houses have one row or none."""
    return Street(600, 400)


@pytest.mark.parametrize(("gene", "option"), GENE_OPTIONS)
def test_errors_of_folds_are_those_of_new_rows(long_street, gene, option):
    here = long_street
    users = [n for n in here.space.names if option in here.space.slots_of(n).get(gene, ())]
    if not users:
        pytest.skip(here.space.left_out.get(option, "no estimator has it"))
    quick = [n for n in ("decision_tree", "ridge", "hist_gradient_boosting") if n in users]
    frame, y = here.frame, here.y
    new_frame, y_new = street(2_000, 400, 1)
    held_out, new = [], []
    with quiet():
        for train, test in KFold(3, shuffle=True, random_state=0).split(frame):
            model = here.model((quick or users)[0], gene, option)
            model.fit(here.prepared.matrix[train], y[train])
            held_out.append((model.predict(here.prepared.matrix[test]) - y[test]) ** 2)
            # A user who has the training rows of the fold alone, and predicts others.
            preparer = prepare_table(frame.iloc[train]).preparer
            model = here.model((quick or users)[0], gene, option)
            model.fit(preparer.transform(frame.iloc[train]), y[train])
            new.append((model.predict(preparer.transform(new_frame)) - y_new) ** 2)
    errors = [np.sqrt(np.mean(np.concatenate(one))) for one in (held_out, new)]
    assert errors[0] == pytest.approx(errors[1], rel=0.12)


ENCODERS = [
    (task, component.name, encoder)
    for task in TASKS
    for component in default_components(task)
    if component.name not in SLOW
    for encoder in component.slots.get("encoder", ())
]


@pytest.fixture(scope="module")
def short_streets():
    """Most houses have a few rows; two are known to some models alone."""
    return {task: Street(200, 50, task) for task in TASKS}


@pytest.mark.parametrize(("task", "estimator", "encoder"), ENCODERS)
def test_every_estimator_takes_an_unseen_category_for_a_missing_one(
    short_streets, task, estimator, encoder
):
    here = short_streets[task]
    if estimator not in here.space.names:
        pytest.skip(here.space.left_out.get(estimator, ""))
    matrix, column = here.prepared.matrix, here.problem.table.first_code
    known = ~np.isin(matrix[:, column], (2.0, 30.0))
    lowest, highest = np.min(matrix[known, column]), np.max(matrix[known, column])
    model = here.model(estimator, "encoder", encoder)
    rows = matrix[known][:40]
    answers = []
    with quiet():
        model.fit(matrix[known], here.y[known])
        for code in (np.nan, 2.0, 30.0, lowest, highest):
            rows[:, column] = code
            answers.append(getattr(model, "predict_proba", model.predict)(rows))
    missing, first, second, smallest, largest = np.reshape(answers, (5, len(rows), -1))[..., -1]
    np.testing.assert_array_equal(missing, first)
    np.testing.assert_array_equal(missing, second)
    if encoder == "ordinal":  # neither the smallest code nor the largest
        assert smallest.mean() < missing.mean() < largest.mean()
