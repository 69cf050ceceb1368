"""Rows that are prepared once for all candidates that prepare them alike."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression
from sklearn.preprocessing import StandardScaler

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor, SearchSpace
from evolearn.estimators.data import read_data
from evolearn.estimators.plan import choose_effort, make_plan
from evolearn.evaluation.preparation import PreparationCache
from evolearn.evaluation.tasks import EvaluationTask
from evolearn.space.express import express, preparation_key
from evolearn.space.genome import text_of

TASKS = ("classification", "regression")


class OneProcess:
    """Stands for a pool: the evaluator is called right here."""

    scratch = None


@pytest.fixture(params=TASKS)
def plan(request, multiclass, regression):
    classification = request.param == "classification"
    kind = EvolutionaryClassifier if classification else EvolutionaryRegressor
    estimator = kind(time_budget=None, n_evaluations=5, cv=3, random_state=0)
    X, y = multiclass if classification else regression
    data = read_data(estimator, X, y, None, None, request.param)
    return make_plan(estimator, data, choose_effort(estimator, data))


def evaluator(plan, most_bytes):
    return replace(plan.evaluator(OneProcess()), cache=PreparationCache(most_bytes))


def test_genomes_of_one_key_prepare_alike_to_the_last_seed(plan):
    rng, texts = Random(0), {}
    for _ in range(400):
        genome = plan.space.sample(rng)
        steps = express(genome, plan.space, plan.problem, 7).steps[:-1]
        key = preparation_key(genome, plan.space)
        texts.setdefault(key, set()).add("\n".join(text_of(step) for _, step in steps))
    assert all(len(one) == 1 for one in texts.values())
    assert len(texts) < 390  # some are met again


def test_candidates_do_as_well_with_rows_of_others_as_with_their_own(plan):
    alone, sharing = evaluator(plan, 0), evaluator(plan, 2**27)
    rng, reused = Random(1), 0
    genomes = [plan.space.genome({"estimator": name}) for name in plan.space.names]
    genomes += [plan.space.sample(rng) for _ in range(10)]
    for genome in genomes:
        task = EvaluationTask(genome)
        first, second = alone(task), sharing(task)
        assert (first.status, first.scores) == (second.status, second.scores), genome
        np.testing.assert_array_equal(first.predictions, second.predictions)
        assert first.reused_fit_seconds == first.reused_score_seconds == 0
        reused += second.reused_fit_seconds > 0
    assert reused > len(plan.space.names) / 4


def test_estimators_of_the_catalogue_leave_prepared_rows_as_they_are(plan):
    made = evaluator(plan, 2**27)
    for name in plan.space.names:
        made(EvaluationTask(plan.space.genome({"estimator": name})))
        for prepared in made.cache._kept.values():
            for rows in (prepared.train, prepared.test):
                if rows.flags.writeable:
                    rows.flags.writeable = False  # who writes from here on fails
    again = [
        made(EvaluationTask(plan.space.genome({"estimator": n}))) for n in plan.space.names
    ]
    assert {e.status for e in again} == {"scored"}


def rows_of(value):
    return lambda: (np.full((100, 10), value), np.zeros(100), np.zeros((50, 10)))


def test_what_was_used_last_is_kept_within_the_bytes_allowed():
    cache = PreparationCache(most_bytes=2 * 150 * 10 * 8)
    for name in ("a", "b"):
        assert not cache.prepare((name, 0), [("scale", StandardScaler())], rows_of(1.0)).known
    assert cache.prepare(("a", 0), [], rows_of(2.0)).known
    assert not cache.prepare(("c", 0), [], rows_of(3.0)).known
    assert not cache.prepare(("a", 1), [], rows_of(3.0)).known
    assert cache.prepare(("c", 0), [], rows_of(3.0)).known
    assert not cache.prepare(("b", 0), [], rows_of(1.0)).known


def test_an_estimator_of_the_users_gets_rows_of_its_own(regression):
    X, y = regression
    spoiling = LinearRegression(copy_X=False)  # writes to its rows
    model = EvolutionaryRegressor(
        time_budget=None, n_evaluations=4, cv=3, random_state=0, n_jobs=1,
        search_space=[spoiling, "ridge", "extra_trees"], final_model="single",
    )  # fmt: skip
    first = model.fit(X, y).cv_results_["fitness"].tolist()
    space = SearchSpace.default("regression").only("ridge")
    ridge = EvolutionaryRegressor(
        time_budget=None, n_evaluations=1, cv=3, random_state=0, search_space=space
    ).fit(X, y)
    assert ridge.best_fitness_ in first
