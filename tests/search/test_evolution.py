"""The search contract, held by every search, and what evolution adds to it."""

import math
import random

import pytest
from sklearn.linear_model import Ridge

from evolearn import Choice, Component, Float, SearchSpace
from evolearn.search.ask_tell import RandomSearch
from evolearn.search.evolution import Evolution
from evolearn.search.variation import mate, mutate

SEARCHES = (Evolution, RandomSearch)
SPACE = SearchSpace.default("regression").only("ridge", "extra_trees", "nearest_neighbors")


def error_of(genome):
    """An error with an optimum: ridge with alpha near 1."""
    if genome.estimator != "ridge":
        return 10.0
    return abs(math.log(dict(genome["estimator"].values)["alpha"]))


def run(search, n, lag=4):
    candidates = [search.ask() for _ in range(lag)]
    done = []
    while candidates and len(done) < n:
        candidate = candidates.pop(0)
        search.tell(candidate, error_of(candidate.genome))
        done.append(candidate)
        candidates += [c for c in [search.ask()] if c is not None]
    return done


def make(kind, seed=0, **settings):
    settings = {"population_size": 8, "rng": random.Random(seed)} | settings
    return kind(settings.pop("space", SPACE), **settings)


@pytest.mark.parametrize("kind", SEARCHES)
def test_no_genome_is_asked_twice_and_all_lie_in_the_space(kind):
    done = run(make(kind), 150)
    assert len({c.genome for c in done}) == 150
    assert all(c.genome in SPACE for c in done)
    assert [c.number for c in done] == list(range(150))
    assert [c.generation for c in done] == [i // 8 for i in range(150)]


@pytest.mark.parametrize("kind", SEARCHES)
def test_the_same_seed_gives_the_same_candidates_and_another_seed_others(kind):
    keys = [[c.genome.key for c in run(make(kind, seed), 40)] for seed in (0, 0, 1)]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize("kind", SEARCHES)
def test_the_generator_of_the_process_is_not_touched(kind):
    random.seed(5)
    before = random.getstate()
    run(make(kind), 60)
    assert random.getstate() == before


@pytest.mark.parametrize("kind", SEARCHES)
def test_the_initial_genomes_come_first_in_their_order(kind):
    initial = [SPACE.genome({"estimator": name}) for name in SPACE.names]
    search = make(kind, initial=[*initial, initial[0]])
    assert [search.ask().genome for _ in range(3)] == initial


@pytest.mark.parametrize("kind", SEARCHES)
def test_an_exhausted_space_gives_none_instead_of_spinning(kind):
    space = SearchSpace([Component("ridge", Ridge, {"alpha": Choice(1.0, 2.0)})], {})
    search = make(kind, space=space)
    assert {search.ask().genome.key for _ in range(2)} == {
        "estimator=ridge(alpha=1.0)",
        "estimator=ridge(alpha=2.0)",
    }
    assert search.ask() is None


@pytest.mark.parametrize("error", [None, float("nan"), float("inf"), -float("inf")])
def test_a_failed_candidate_gets_no_place_in_the_population(error):
    search = make(Evolution)
    search.tell(search.ask(), error)
    assert search.population == []
    assert len(search.archive) == 0
    good = search.ask()
    search.tell(good, 1.0)
    assert [i.genome for i in search.population] == [good.genome]


def test_a_better_parent_is_never_lost_to_a_worse_child():
    search = make(Evolution)
    best = float("inf")
    candidates = [search.ask() for _ in range(4)]
    for _ in range(200):
        candidate = candidates.pop(0)
        error = error_of(candidate.genome)
        search.tell(candidate, error)
        best = min(best, error)
        assert min(i.fitness.values[0] for i in search.population) == best
        assert len(search.population) <= 8
        candidates.append(search.ask())


def test_evolution_finds_the_optimum_more_closely_than_random_search():
    def best(kind, seed):
        return min(error_of(c.genome) for c in run(make(kind, seed), 150))

    ratios = [best(Evolution, seed) / best(RandomSearch, seed) for seed in range(10)]
    assert sum(ratio < 1 for ratio in ratios) > 5
    assert math.prod(ratios) ** (1 / len(ratios)) < 0.5


def test_the_front_holds_no_candidate_that_another_one_beats():
    search = make(Evolution)
    genomes = {candidate.number: candidate.genome for candidate in run(search, 100)}
    front = [genomes[number] for number in search.front()]
    values = [(error_of(genome), SPACE.complexity(genome)) for genome in front]
    assert values == sorted(values)
    for error, complexity in values:
        for other_error, other_complexity in values:
            better = other_error <= error and other_complexity <= complexity
            strictly = other_error < error or other_complexity < complexity
            assert not (better and strictly)


@pytest.mark.parametrize("seed", range(20))
def test_children_lie_in_the_space(seed):
    space = SearchSpace.default("classification")
    rng = random.Random(seed)
    first, second = space.sample(rng), space.sample(rng)
    assert mate(first, second, space, rng) in space
    assert mutate(first, space, rng) in space


def test_a_child_of_two_types_has_the_estimator_of_one_and_the_preparation_of_the_other():
    space = SearchSpace.default("regression")
    first = space.genome({"estimator": "ridge"})
    second = space.genome(
        {"estimator": "elastic_net", "scaler": "quantile", "selector": "univariate_regression"}
    )
    child = mate(first, second, space, random.Random(0))
    assert child.estimator == "ridge"
    assert child["scaler"].component == "quantile"
    assert child["selector"].component == "univariate_regression"


def test_a_child_of_one_type_has_values_near_its_parents():
    space = SearchSpace([Component("a", Ridge, {"alpha": Float(0.0, 1.0)})], {})
    first = space.genome({"estimator": "a", "a__alpha": 0.4})
    second = space.genome({"estimator": "a", "a__alpha": 0.6})
    rng = random.Random(0)
    values = [mate(first, second, space, rng).params["a__alpha"] for _ in range(50)]
    assert all(0.3 <= value <= 0.7 for value in values)
    assert len(set(values)) == 50
