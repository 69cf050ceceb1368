"""Lines: what a child inherits in a search, and what must never reach it."""

import pickle
import random
from dataclasses import replace
from unittest import mock

import numpy as np
import pytest

from evolearn import (
    EvolutionaryClassifier,
    EvolutionaryRegressor,
    Integer,
    SearchSpace,
)
from evolearn.cost.runtime_model import RuntimeModel
from evolearn.cost.seconds import lineage_factor
from evolearn.ensemble.library import Entry, Library
from evolearn.ensemble.planner import FinalModelsPlanner
from evolearn.ensemble.selection_options import EnsembleOptions
from evolearn.evaluation import warm_start
from evolearn.evaluation.candidate import Candidate
from evolearn.evaluation.preparation import PreparationCache
from evolearn.evaluation.tasks import Evaluation, EvaluationTask, FoldModelsTask, RefitTask
from evolearn.execution.budget import Budget
from evolearn.fit.data import read_data
from evolearn.fit.settings import Settings
from evolearn.fit.setup import choose_effort, make_plan
from evolearn.pipeline.build import build_pipeline, preparation, preparation_seed
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.lineage import LONGEST_LINEAGE, continued, warm_started
from evolearn.policy import DEFAULT_POLICY, Policy
from evolearn.search.evolution import Evolution

NETWORK = "multi_layer_perceptron"
BOOSTING, EXACT_BOOSTING = "hist_gradient_boosting", "gradient_boosting"
SMALL = {
    NETWORK: {"max_iter": [6, 9], "hidden_layer_sizes": [(8,), (12, 8)], "n_members": [2, 1]},
    BOOSTING: {
        "max_iter": Integer(4, 60, start=6),
        "max_features": [0.5],
        "early_stopping": [False],
    },
    EXACT_BOOSTING: {"n_estimators": Integer(4, 60, start=6)},
}


def small(task, name):
    return SearchSpace.default(task).only(name).constrained(name, **SMALL[name])


# What inherits, in either task; boosting's target is transformed.
CASES = {
    "network-classification": ("classification", NETWORK),
    "network-regression": ("regression", NETWORK),
    "boosting-regression": ("regression", BOOSTING),
    "exact-classification": ("classification", EXACT_BOOSTING),
}
SPACES = {task: small(task, NETWORK) for task in ("classification", "regression")}
KINDS = {"classification": EvolutionaryClassifier, "regression": EvolutionaryRegressor}
SETTINGS = {
    "time_budget": None,
    "n_evaluations": 10,
    "n_iter_no_change": None,
    "population_size": 4,
    "cv": 3,
    "n_jobs": 1,
    "final_model": "single",
    "random_state": 0,
}


class OneProcess:
    """Stands for a pool: the evaluator is called right here."""

    shared_folder = None


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def table(task):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(90, 4))
    signal = X[:, 0] * X[:, 1] + X[:, 2]
    y = signal + 0.1 * rng.normal(size=90)
    return X, (np.digitize(signal, [-0.5, 0.5]) if task == "classification" else y)


def make_evaluator(case, X, y, most_bytes=2**27):
    task = case[0]
    estimator = KINDS[task](**SETTINGS, search_space=small(*case))
    data = read_data(Settings.of(estimator), X, y, None, None)
    plan = make_plan(Settings.of(estimator), data, choose_effort(Settings.of(estimator), data))
    cache = PreparationCache(most_bytes)
    return plan, replace(plan.evaluator(OneProcess()), cache=cache)


def named(space, **values):
    return space.genome(
        {"estimator": NETWORK, **{f"{NETWORK}__{k}": v for k, v in values.items()}}
    )


def family(space):
    """A genome, one that starts from its models, and one that starts from that one's."""
    if NETWORK not in space.names:
        (name,) = space.names
        first = space.genome({"estimator": name, "target": "quantile_target"})
        second = continued(first, space, random.Random(0))
        return first, second, continued(second, space, random.Random(1))
    first = named(space, max_iter=9)
    second = warm_started(named(space, max_iter=9, hidden_layer_sizes=(12, 8)), first, space)
    third = warm_started(named(space, max_iter=6, n_members=1), second, space)
    return first, second, third


# -- what identifies a candidate -------------------------------------------------------------


def test_a_line_is_a_part_of_what_a_candidate_is():
    space = SPACES["regression"]
    first, second, third = family(space)
    alone = Genome(third.genes)
    assert alone != third
    assert preparation(alone, space) == preparation(third, space)
    assert preparation_seed(alone, space, 0) == preparation_seed(third, space, 0)
    assert alone.seed(0) != third.seed(0)
    assert alone.params == third.params
    assert third.lineage == (first, second, third)
    assert Genome(third.genes, first) != third
    assert Genome(third.genes, Genome(second.genes, Genome(first.genes))) == third
    assert pickle.loads(pickle.dumps(third)) == third
    assert third in space
    assert len(third.key) < len(alone.key) + 60


def test_a_child_takes_from_its_parent_what_weights_presuppose():
    space = SPACES["regression"]
    parent = named(space, embedding="piecewise", n_bins=7, activation="tanh")
    parent = parent.replaced("target", space.component("target", "log_target").default())
    child = named(space, embedding="periodic", frequency_scale=1.0, dropout=0.2, n_members=1)
    one = warm_started(child, parent, space)
    assert one.parent == parent
    assert one in space
    assert preparation(one, space) == preparation(parent, space)
    assert one["target"] == parent["target"]
    values = dict(one["estimator"].values)
    kept = {"embedding": "piecewise", "n_bins": 7, "activation": "tanh"}
    assert values == values | kept | {"dropout": 0.2, "n_members": 1}
    assert "frequency_scale" not in values


def test_who_cannot_inherit():
    space = SearchSpace.default("regression")
    parent = space.genome({"estimator": NETWORK})
    ridge = space.genome({"estimator": "ridge"})
    assert warm_started(ridge, parent, space) is None
    assert warm_started(ridge, ridge, space) is None
    # Of other columns, and else the same: there would be nothing of the child's own.
    assert warm_started(named(space, embedding="periodic"), parent, space) is None
    line = parent
    for dropout in (0.1, 0.2, 0.35):
        line = warm_started(named(space, dropout=dropout), line, space)
    assert len(line.lineage) == LONGEST_LINEAGE
    assert warm_started(named(space, n_members=1), line, space) is None


def told(space, n, seed=0, policy=DEFAULT_POLICY):
    bred = Evolution(space, population_size=6, rng=random.Random(seed), policy=policy)
    candidates = []
    for _ in range(n):
        candidate = bred.ask()
        candidates.append(candidate)
        bred.tell(candidate, candidate.genome.seed(1) / 2**31)
    return candidates


def test_children_of_networks_inherit_now_and_then():
    space = SPACES["regression"]
    candidates = told(space, 120)
    heirs = [c for c in candidates if c.genome.parent is not None]
    assert 10 < len(heirs) < 100
    for child in heirs:
        assert child.genome in space
        assert child.genome.parent == candidates[child.parents[0]].genome
        assert preparation(child.genome, space) == preparation(child.genome.parent, space)
    assert max(len(c.genome.lineage) for c in heirs) > 2


def test_without_networks_not_one_draw_is_made():
    space = SearchSpace.default("regression").without(NETWORK)
    before = [c.genome.key for c in told(space, 80)]
    # No number can be compared with None.
    policy = Policy(weight_inheritance=None)
    assert [c.genome.key for c in told(space, 80, policy=policy)] == before


# -- evaluation ------------------------------------------------------------------------------


@pytest.mark.parametrize("most_bytes", [0, 2**27])
def test_a_child_comes_to_the_same_whether_its_parents_models_are_there_or_not(
    tmp_path, case, most_bytes
):
    plan, evaluator = make_evaluator(case, *table(case[0]), most_bytes)
    _, parent, child = family(plan.space)
    path = tmp_path / "parent.models"
    of_parent = evaluator(EvaluationTask(parent, models_path=path, most_bytes=2**30))
    assert of_parent.retrained
    assert of_parent.models_bytes == path.stat().st_size > 0
    with_file = evaluator(EvaluationTask(child, parent_models=path))
    without = evaluator(EvaluationTask(child))
    lost = evaluator(EvaluationTask(child, parent_models=tmp_path / "no.models"))
    assert [e.retrained for e in (with_file, without, lost)] == [False, True, True]
    for other in (without, lost):
        assert with_file.status == "scored"
        assert with_file.scores == other.scores
        np.testing.assert_array_equal(with_file.predictions, other.predictions)
    alone = evaluator(EvaluationTask(Genome(child.genes)))
    assert not alone.retrained
    assert alone.scores != with_file.scores


def answers_of(model, X):
    return model.predict_proba(X) if hasattr(model, "predict_proba") else model.predict(X)


def test_each_fold_starts_from_the_parent_of_that_fold(tmp_path, case):
    X, y = table(case[0])
    plan, evaluator = make_evaluator(case, X, y)
    parent, child, _ = family(plan.space)
    path = tmp_path / "parent.models"
    evaluator(EvaluationTask(parent, models_path=path, most_bytes=2**30))
    started = []

    def noted(learners, X, y, weights, step):
        assert len(learners) == 1
        started.append((X, answers_of(step, X)))
        warm_start.train_lineage(learners, X, y, weights, step)

    with mock.patch("evolearn.evaluation.evaluator.train_lineage", noted):
        evaluator(EvaluationTask(child, parent_models=path))
    in_folds = evaluator(FoldModelsTask(parent))
    assert len(started) == len(in_folds) == 3
    for (rows, answers), model in zip(started, in_folds, strict=True):
        np.testing.assert_array_equal(answers, answers_of(model[-1], rows))
    others = [answers_of(model, X) for model in in_folds]
    assert not np.array_equal(others[0], others[1])


@pytest.mark.parametrize("kept", [True, False])
def test_no_held_out_row_reaches_a_child_through_its_parent(tmp_path, case, kept):
    X, y = table(case[0])
    changed, flipped = X.copy(), y.copy()
    plan, _ = make_evaluator(case, X, y)
    fold, row = 1, plan.folds.test[1][4]
    changed[row] = 50.0
    if case[0] == "regression":  # classes decide about the folds
        flipped[row] = 1e3
    answers = []
    for rows, target in ((X, y), (changed, flipped)):
        plan, evaluator = make_evaluator(case, rows, target)
        parent, child, _ = family(plan.space)
        path = tmp_path / f"{len(answers)}.models"
        evaluator(EvaluationTask(parent, models_path=path, most_bytes=2**30))
        result = evaluator(EvaluationTask(child, parent_models=path if kept else None))
        by_row = np.empty((len(X), *result.predictions.shape[1:]))
        by_row[plan.folds.scored] = result.predictions
        answers.append(by_row)
    others = np.setdiff1d(plan.folds.test[fold], [row])
    np.testing.assert_array_equal(answers[0][others], answers[1][others])
    seen = plan.folds.test[0]  # whose models are trained on the row
    assert not np.array_equal(answers[0][seen], answers[1][seen])


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_a_final_model_is_of_a_line_trained_on_all_rows(task):
    X, y = table(task)
    plan, evaluator = make_evaluator((task, NETWORK), X, y)
    line = family(plan.space)[-1].lineage
    network = None
    for genome in line:
        pipeline = build_pipeline(genome, plan.space, plan.problem, evaluator.seed)
        given = {} if network is None else {"estimator__parent": network}
        pipeline.fit(evaluator.matrix.load(), evaluator.target.load(), **given)
        network = warm_start.fitted_learner(pipeline[-1])
    refitted = evaluator(RefitTask(line[-1]))
    np.testing.assert_array_equal(
        warm_start.fitted_learner(refitted[-1]).networks_.vector, network.networks_.vector
    )


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_what_a_line_takes_is_counted(task):
    plan, _ = make_evaluator((task, NETWORK), *table(task))
    space, problem = SearchSpace.default(task), plan.problem
    first = named(space)
    child = warm_started(named(space, dropout=0.2), first, space)
    assert lineage_factor(first, space, problem) == 1
    assert lineage_factor(child, space, problem) == pytest.approx(4)
    model = RuntimeModel(space, problem, 3)
    model.observe(first, 3.0, retrained=False)
    assert model.predicted(first) == pytest.approx(9)
    assert model.predicted(child, retrained=False) == pytest.approx(3)
    assert model.predicted(child, retrained=True) == pytest.approx(12)
    options = EnsembleOptions(None, 1)
    planner = FinalModelsPlanner(Library(5), options, model, Budget(None), n_workers=1)
    ratio = model.refit_ratio(child)
    assert ratio > 1
    for retrained, seconds in ((False, 1.0), (True, 4.0)):
        took = Evaluation(
            (0.0,) * 3, "scored", 1.0, (seconds,) * 3, (0.0,) * 3, retrained=retrained
        )
        entry = Entry(Candidate(0, 0, child, "mutation"), took)
        assert planner.cost(entry).seconds == pytest.approx(4 * ratio)


# -- through the front door ------------------------------------------------------------------


def fit(case, **changes):
    task = case[0]
    model = KINDS[task](**(SETTINGS | {"search_space": small(*case)} | changes))
    model._policy = PROLIFIC
    return model.fit(*table(task))


def same(first, second):
    X, _ = table("regression")
    np.testing.assert_array_equal(first.cv_results_["fitness"], second.cv_results_["fitness"])
    assert first.best_params_ == second.best_params_
    np.testing.assert_array_equal(answers_of(first, X), answers_of(second, X))


# All children inherit if they can, and there are some soon: the portfolio's boosted trees have
# as many rounds as there may be.
PROLIFIC = Policy(
    portfolio=False,
    crossover_probability=0.1,
    weight_inheritance=1.0,
    boosting_continuation=1.0,
    ask_ahead=3,
)


@pytest.mark.parametrize("name", ["network-classification", "boosting-regression"])
def test_searches_repeat_themselves_with_more_workers_and_with_models_lost(name):
    case = CASES[name]
    with mock.patch.object(Library, "models_of", autospec=True, return_value=None) as asked:
        lost = fit(case)
        wanted = [c.args[1] for c in asked.call_args_list if c.args[1] is not None]
    assert wanted, "nobody inherited anything"
    kept = fit(case)
    same(kept, lost)
    results = kept.cv_results_
    heirs = [i for i, number in enumerate(results["inherits"]) if number is not None]
    assert heirs
    assert all(results["inherits"][i] == results["parents"][i][0] for i in heirs)
    same(kept, fit(case, n_jobs=2))


@pytest.mark.parametrize("name", ["network-regression", "exact-classification"])
def test_a_journal_resumes_and_replays_lines(tmp_path, name):
    case = CASES[name]
    whole = fit(case)
    fit(case, journal=tmp_path, n_evaluations=7)
    longer = fit(case, journal=tmp_path)
    same(longer, whole)
    same(longer, fit(case, journal=tmp_path, replay=True))
