"""Schedule and portfolio: the next candidate, its expected cost, nominal or measured."""

import random

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from evolearn import Component, Float, SearchSpace
from evolearn.cost.restriction import restrict
from evolearn.cost.runtime_model import RuntimeModel
from evolearn.data import prepare_table
from evolearn.execution.budget import Budget
from evolearn.pipeline.problem import Problem
from evolearn.policy import DEFAULT_POLICY
from evolearn.search.ask_tell import CostEstimates
from evolearn.search.estimator_ranking import EstimatorRanking
from evolearn.search.evolution import Evolution
from evolearn.search.portfolio import cheaper, portfolio
from evolearn.search.schedule import FAST, LARGEST_SHARE, SHORT_DISTANCE, Schedule

PROBLEM = Problem(
    "regression", prepare_table(np.random.default_rng(0).normal(size=(2_000, 8))).schema
)
SPACE = restrict(SearchSpace.default("regression"), PROBLEM)
PORTFOLIO = portfolio(SPACE, PROBLEM)
BOOSTING, FOREST, LINEAR = "hist_gradient_boosting", "extra_trees", "ridge"


def genome(name, **values):
    named = {f"{name}__{parameter}": value for parameter, value in values.items()}
    return SPACE.genome({"estimator": name, **named})


def equal(genome):
    return 1.0


@pytest.fixture
def standings():
    """Boosting is far better than the baseline, a forest hardly."""
    standings = EstimatorRanking(SPACE)
    standings.record(genome(LINEAR), 1.0)
    standings.record(genome(BOOSTING), 0.2)
    standings.record(genome(FOREST), 0.9)
    return standings


# -- standings ------------------------------------------------------------------------------


def test_a_type_far_behind_the_best_one_is_hopeless(standings):
    hopeless = {
        name: standings.is_hopeless(genome(name))
        for name in (BOOSTING, FOREST, LINEAR, "nearest_neighbors")
    }
    assert hopeless == {BOOSTING: False, FOREST: True, LINEAR: True, "nearest_neighbors": False}


@pytest.mark.parametrize("error", [None, float("nan"), float("inf")])
def test_what_could_not_be_scored_tells_nothing(standings, error):
    standings.record(genome("nearest_neighbors"), error)
    assert not standings.is_hopeless(genome("nearest_neighbors"))


def test_a_network_of_another_kind_is_another_type(standings):
    plain = genome("multi_layer_perceptron", embedding="none")
    standings.record(plain, 0.95)
    assert standings.is_hopeless(plain)
    assert not standings.is_hopeless(genome("multi_layer_perceptron", embedding="piecewise"))


@pytest.mark.parametrize("shift", [0.0, -5.0])
def test_scores_without_a_perfect_value_may_have_any_sign(shift):
    standings = EstimatorRanking(SPACE)
    for name, error in ((LINEAR, 1.0), (BOOSTING, 0.2), (FOREST, 0.9)):
        standings.record(genome(name), error + shift)
    assert standings.is_hopeless(genome(FOREST))
    assert not standings.is_hopeless(genome(BOOSTING))


# -- what evolution asks --------------------------------------------------------------------


def evolution(**settings):
    return Evolution(
        SPACE, initial=PORTFOLIO, rng=random.Random(0), **({"population_size": 8} | settings)
    )


def told(search, n, costs, errors):
    """Ask and tell one by one; return the candidates."""
    candidates = []
    for _ in range(n):
        candidates.append(search.ask(costs))
        search.tell(candidates[-1], errors(candidates[-1].genome))
    return candidates


def by_type(genome):
    return {LINEAR: 1.0, BOOSTING: 0.2}.get(genome.estimator, 0.9)


def test_entries_come_in_their_order_until_there_is_something_to_compare():
    search = evolution()
    asked = [search.ask(CostEstimates(equal)) for _ in range(10)]
    assert [candidate.genome for candidate in asked] == PORTFOLIO[:10]


def test_entries_that_have_no_hope_do_not_keep_others_waiting():
    candidates = told(evolution(), 40, CostEstimates(equal), by_type)
    starts = [c.genome.estimator for c in candidates if c.origin == "portfolio"]
    boosting = [i for i, name in enumerate(starts) if name == BOOSTING]
    entries = [genome.estimator for genome in PORTFOLIO]
    assert len(boosting) == entries.count(BOOSTING)
    assert boosting[-1] < [i for i, name in enumerate(entries) if name == BOOSTING][-1]
    assert {c.origin for c in candidates} > {"portfolio"}


def test_what_takes_longer_than_a_candidate_should_gets_fewer_trees():
    def seconds(genome):
        return genome.params.get(f"{FOREST}__n_estimators", 80) / 10

    candidates = told(evolution(), 12, CostEstimates(seconds, most=8.0), by_type)
    (first,) = [c.genome for c in candidates if c.genome.estimator == FOREST][:1]
    entry = next(genome for genome in PORTFOLIO if genome.estimator == FOREST)
    assert seconds(entry) > 8.0 >= seconds(first)


def test_who_counts_generations_gets_the_first_one_of_the_portfolio_alone():
    search = evolution(population_size=12)
    candidates = told(search, 12, CostEstimates(equal, portfolio_first=True), by_type)
    assert {c.genome for c in candidates} == set(PORTFOLIO[:12])


# -- schedule -------------------------------------------------------------------------------

DISTANCE = DEFAULT_POLICY.ask_ahead


def runtime_model():
    return RuntimeModel(SPACE, PROBLEM, 5)


def budget_after(elapsed, seconds):
    """A budget of which some seconds are over."""
    times = iter([0.0])
    return Budget(seconds, clock=lambda: next(times, elapsed))


@pytest.mark.parametrize(
    ("seconds", "n_workers", "distance"),
    [(None, 1, DISTANCE), (1e6, 1, DISTANCE), (1.0, 1, SHORT_DISTANCE), (1.0, 12, 24)],
)
def test_fewer_are_asked_ahead_where_the_budget_holds_few(seconds, n_workers, distance):
    schedule = Schedule(runtime_model(), Budget(seconds))
    assert schedule.ask_ahead(PORTFOLIO, n_workers) == distance


def test_costs_are_nominal_until_times_matter_and_a_replay_knows_since_when():
    ridge = genome(LINEAR)
    schedule = Schedule(runtime_model(), Budget(60.0))
    nominal = schedule.cost_estimates(0, measured=False)
    assert nominal.most == LARGEST_SHARE * 60.0
    expected = nominal.seconds(ridge)
    schedule.runtime_model.observe(ridge, 9.0, retrained=False)
    assert schedule.cost_estimates(1, measured=False).seconds(ridge) == expected
    measured = schedule.cost_estimates(2, measured=True)
    assert measured.seconds(ridge) == pytest.approx(45.0)
    again = Schedule.from_notes(schedule.runtime_model, schedule.notes())
    assert again.replayed_estimates(1).seconds(ridge) == expected
    assert again.replayed_estimates(2).seconds(ridge) == pytest.approx(45.0)


@pytest.mark.parametrize("n_told", [0, FAST])
def test_times_matter_in_slow_searches_alone_and_not_from_the_start(n_told):
    assert not Schedule(runtime_model(), budget_after(1.0, 60.0)).uses_measured_times(0)
    late = Schedule(runtime_model(), budget_after(59.0, 60.0))
    assert late.uses_measured_times(n_told) == (n_told < FAST)
    assert not Schedule(runtime_model(), budget_after(1e9, None)).uses_measured_times(0)


# -- spaces of users ------------------------------------------------------------------------


def test_an_estimator_of_unknown_cost_is_tried_whatever_the_budget():
    mine = Component("mine", Ridge, {"alpha": Float(1e-3, 1e3, log=True)})
    space = restrict(SearchSpace([mine, *SPACE.estimators], SPACE.preparation), PROBLEM)
    schedule = Schedule(RuntimeModel(space, PROBLEM, 8), Budget(5.0))
    search = Evolution(
        space,
        initial=portfolio(space, PROBLEM, 0.02),
        rng=random.Random(0),
        population_size=8,
    )
    tried = []
    for number in range(40):
        candidate = search.ask(schedule.cost_estimates(number, measured=False))
        tried.append(candidate.genome.estimator)
        search.tell(candidate, 0.1 if tried[-1] == "mine" else 0.9 + number / 1000)
    assert tried.count("mine") > 5


@pytest.mark.parametrize("part", [0.01, 0.3, 0.99])
@pytest.mark.parametrize("rate", [[0.1, 0.2], ["adaptive", "optimal"], [None, 0.3]])
def test_entries_get_smaller_whatever_users_made_of_their_parameters(part, rate):
    space = SPACE.constrained(BOOSTING, learning_rate=rate, max_iter=[None, 100, 250])
    for entry in [{"estimator": BOOSTING}, {"estimator": FOREST}, {"estimator": LINEAR}]:
        for _ in range(5):
            drawn = space.sample(random.Random(0), entry["estimator"])
            assert cheaper(drawn, space, part) in space


def test_no_candidate_is_asked_twice_though_its_smaller_form_is_another_entry():
    entries = [genome(LINEAR), genome(FOREST, n_estimators=400), genome(FOREST)]
    entries += [genome("nearest_neighbors"), genome(FOREST, n_estimators=100)]

    def seconds(genome):
        return genome.params.get(f"{FOREST}__n_estimators", 1) / 100

    search = Evolution(SPACE, initial=entries, rng=random.Random(0), population_size=4)
    candidates = told(search, 40, CostEstimates(seconds, most=1.0), by_type)
    assert len({candidate.genome for candidate in candidates}) == 40
