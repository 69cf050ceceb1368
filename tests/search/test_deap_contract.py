"""The behaviours of DEAP that the evolution relies on; if DEAP changes, these say so."""

import random

import pytest
from deap import tools

from evolearn.pipeline.genome import Allele, Genome
from evolearn.search.evolution import Fitness, Individual
from evolearn.search.random_operators import with_random


def individual(number, error=None, complexity=1.0):
    made = Individual(Genome((("estimator", Allele(f"e{number}")),)), number)
    if error is not None:
        made.fitness.values = (error, complexity)
    return made


def population(n, rng):
    made = [individual(i, rng.random(), rng.random()) for i in range(n)]
    return tools.selNSGA2(made, n)


def test_lower_error_wins_and_complexity_breaks_ties():
    better, worse, simpler = Fitness(), Fitness(), Fitness()
    better.values, worse.values, simpler.values = (0.1, 9.0), (0.2, 1.0), (0.1, 1.0)
    assert better > worse
    assert simpler > better
    assert simpler.dominates(better)
    assert not better.dominates(worse)


def test_nan_would_win_every_comparison_which_is_why_none_is_let_in():
    nan, good = Fitness(), Fitness()
    nan.values, good.values = (float("nan"), 1.0), (0.1, 1.0)
    assert nan > good


@pytest.mark.parametrize("operator", [tools.selTournament, tools.selTournamentDCD])
def test_bound_operators_draw_as_stock_ones_do_and_leave_the_global_generator_alone(operator):
    settings = {"tournsize": 3} if operator is tools.selTournament else {}
    individuals = population(12, random.Random(1))
    random.seed(7)
    expected = [i.number for i in operator(individuals, 8, **settings)]
    before = random.getstate()
    bound = with_random(operator, random.Random(7))
    assert [i.number for i in bound(individuals, 8, **settings)] == expected
    assert random.getstate() == before


def test_only_functions_that_draw_can_be_bound():
    with pytest.raises(TypeError, match="random"):
        with_random(len, random.Random(0))


@pytest.mark.parametrize("size", [4, 5, 6, 7, 8, 13])
def test_four_parents_can_be_drawn_from_any_population_of_four_or_more(size):
    bound = with_random(tools.selTournamentDCD, random.Random(0))
    assert len(bound(population(size, random.Random(2)), 4)) == 4


def test_survival_keeps_the_lowest_error_and_makes_no_copies():
    individuals = [individual(i, error=i / 10, complexity=10 - i) for i in range(10)]
    survivors = tools.selNSGA2(individuals, 4)
    assert individuals[0] in survivors
    assert len({id(s) for s in survivors}) == 4
    assert all(any(s is i for i in individuals) for s in survivors)
    assert all(hasattr(s.fitness, "crowding_dist") for s in survivors)


def test_the_pareto_front_drops_what_is_dominated():
    front = tools.ParetoFront()
    front.update([individual(0, 0.5, 1.0), individual(1, 0.1, 5.0)])
    front.update([individual(2, 0.4, 1.0)])
    assert sorted(i.number for i in front) == [1, 2]
