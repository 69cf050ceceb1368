"""Rows that are prepared once for all candidates that prepare them alike."""

import pickle
import warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from random import Random

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.preprocessing import StandardScaler

from evolearn import (
    Component,
    EvolutionaryClassifier,
    EvolutionaryRegressor,
    Float,
    SearchSpace,
)
from evolearn.evaluation.preparation import PreparationCache
from evolearn.evaluation.tasks import EvaluationTask
from evolearn.fit.data import read_data
from evolearn.fit.settings import Settings
from evolearn.fit.setup import choose_effort, make_plan
from evolearn.pipeline.build import build_pipeline, preparation_key
from evolearn.pipeline.genome import text_of
from evolearn.policy import DEFAULT_POLICY, Policy

TASKS = ("classification", "regression")


class OneProcess:
    """Stands for a pool: the evaluator is called right here."""

    shared_folder = None


@pytest.fixture(params=TASKS)
def plan(request, multiclass, regression):
    classification = request.param == "classification"
    kind = EvolutionaryClassifier if classification else EvolutionaryRegressor
    estimator = kind(time_budget=None, n_evaluations=5, cv=3, random_state=0)
    X, y = multiclass if classification else regression
    data = read_data(Settings.of(estimator), X, y, None, None)
    return make_plan(Settings.of(estimator), data, choose_effort(Settings.of(estimator), data))


def evaluator(plan, most_bytes):
    return replace(plan.evaluator(OneProcess()), cache=PreparationCache(most_bytes))


def test_genomes_of_one_key_prepare_alike_to_the_last_seed(plan):
    rng, texts = Random(0), {}
    for _ in range(600):
        genome = plan.space.sample(rng)
        steps = build_pipeline(genome, plan.space, plan.problem, 7).steps[:-1]
        key = preparation_key(genome, plan.space)
        texts.setdefault(key, set()).add("\n".join(text_of(step) for _, step in steps))
    assert all(len(one) == 1 for one in texts.values())
    assert len(texts) < 600  # some are met again


def test_candidates_do_as_well_with_rows_of_others_as_with_their_own(plan):
    alone, sharing = evaluator(plan, 0), evaluator(plan, 2**27)
    rng, reused = Random(1), 0
    genomes = [plan.space.genome({"estimator": name}) for name in plan.space.names]
    genomes += [plan.space.sample(rng) for _ in range(6)]
    for genome in genomes:
        task = EvaluationTask(genome)
        first, second = alone(task), sharing(task)
        assert first.status == second.status, genome
        np.testing.assert_array_equal(first.scores, second.scores, err_msg=str(genome))
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
    cache = PreparationCache(most_bytes=2 * 150 * 10 * 8 + 5_000)  # and the steps
    for name in ("a", "b"):
        assert not cache.prepare(
            (name, 0), [("scale", StandardScaler())], rows_of(1.0)
        ).is_reused
    assert cache.prepare(("a", 0), [], rows_of(2.0)).is_reused
    assert not cache.prepare(("c", 0), [], rows_of(3.0)).is_reused
    assert not cache.prepare(("a", 1), [], rows_of(3.0)).is_reused
    assert cache.prepare(("c", 0), [], rows_of(3.0)).is_reused
    assert not cache.prepare(("b", 0), [], rows_of(1.0)).is_reused


class Doubtful(StandardScaler):
    def fit(self, X, y=None):
        warnings.warn("doubtful", UserWarning, stacklevel=2)
        return super().fit(X, y)


def test_warnings_of_preparation_come_with_every_candidate():
    cache = PreparationCache()
    for _ in range(3):
        with pytest.warns(UserWarning, match="doubtful"):
            cache.prepare(("a", 0), [("scale", Doubtful())], rows_of(1.0))


def test_a_cache_travels_empty_and_serves_threads():
    cache = pickle.loads(pickle.dumps(PreparationCache(40_000)))
    with ThreadPoolExecutor(4) as threads:
        names = [str(i % 7) for i in range(400)]
        made = threads.map(lambda name: cache.prepare((name, 0), [], rows_of(1.0)), names)
        assert all(one.train.shape == (100, 10) for one in made)


def fitness(space, X, y, policy=DEFAULT_POLICY):
    model = EvolutionaryRegressor(
        time_budget=None, n_evaluations=8, population_size=4, n_iter_no_change=None, cv=3,
        random_state=0, n_jobs=1, search_space=space,
    )  # fmt: skip
    model._policy = policy
    return model.fit(X, y).cv_results_["fitness"]


def test_what_users_make_of_a_component_never_gets_shared_rows(regression):
    class Plain:
        """A transformer without fit_transform, which pipelines take."""

        def get_params(self, deep=True):
            return {}

        def set_params(self, **parameters):
            return self

        def fit(self, X, y=None):
            return self

        def transform(self, X):
            return X

    X, y = regression[0].select_dtypes("number").fillna(0), regression[1]
    default = SearchSpace.default("regression").only("ridge").without("constructed")
    # Each writes to the rows that it is given.
    spoiling = default.constrained("ridge", copy_X=[False, True])
    made = np.sort(fitness(spoiling, X, y))
    without_cache = np.sort(fitness(spoiling, X, y, Policy(preparation_cache_bytes=0)))
    np.testing.assert_array_equal(made, without_cache)
    own = SearchSpace(
        [Component("mine", Ridge(), {"alpha": Float(0.1, 10.0)}, slots={"scaler": ("plain",)})],
        {"scaler": [Component("plain", Plain)]},
    )
    assert np.isfinite(fitness(own, X, y)).all()
