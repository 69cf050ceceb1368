"""Domains: values stay inside, and impossible ones are refused."""

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.linear_model import Ridge

from evolearn import Choice, Component, Float, Integer, SearchSpace

floats = st.builds(
    lambda low, width, log: Float(low, low + width, log=log),
    st.floats(1e-6, 1e3),
    st.floats(1e-3, 1e3),
    st.booleans(),
)
integers = st.builds(
    lambda low, width, log: Integer(low, low + width, log=log),
    st.integers(1, 100),
    st.integers(1, 500),
    st.booleans(),
)
choices = st.lists(st.integers(), min_size=1, max_size=5, unique=True).map(
    lambda options: Choice(*options)
)
domains = st.one_of(floats, integers, choices)
seeds = st.integers(0, 2**32)


@given(domains, seeds)
def test_values_stay_in_their_domain(domain, seed):
    rng = Random(seed)
    value = domain.sample(rng)
    for _ in range(5):
        assert value in domain
        value = domain.mix(domain.mutate(value, rng), domain.sample(rng), rng)
    assert domain.default in domain


@given(domains)
def test_domains_print_as_the_call_that_made_them(domain):
    assert eval(repr(domain)) == domain


@given(integers, seeds)
def test_mutating_an_integer_changes_it(domain, seed):
    rng = Random(seed)
    value = domain.sample(rng)
    assert domain.mutate(value, rng) != value or domain.low == domain.high


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Float(2.0, 1.0), "low < high"),
        (lambda: Float(0.0, 1.0, log=True), "low > 0"),
        (lambda: Integer(1, float("inf")), "finite"),
        (lambda: Float(0.0, 1.0, start=3.0), "start=3.0"),
        (Choice, "at least one option"),
        (lambda: Component("ridge", Ridge, {"alhpa": Float(0, 1)}), "'alhpa'.*alpha"),
        (lambda: Integer(0.5, 3.5), "whole numbers, got low=0.5"),
        (lambda: Choice(lambda: 1, lambda: 2), "lambda>> twice"),
        (
            lambda: SearchSpace([Component("ridge", Ridge, slots={"scalar": ("standard",)})]),
            "slot 'scalar'",
        ),
        (lambda: Component("ridge", Ridge, conditions={"a": ("b", (1,))}), "name 'a'"),
        (lambda: SearchSpace([], {"scalar": []}), "slot 'scalar'"),
    ],
)
def test_impossible_domains_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
