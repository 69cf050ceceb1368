"""The budget: one clock for the whole of a search."""

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evolearn.execution.budget import Budget

seconds = st.floats(0, 1e6)


@given(limit=seconds, start=seconds, steps=st.lists(seconds, max_size=5))
def test_what_is_elapsed_and_what_remains_add_up_to_the_limit(limit, start, steps):
    now = start
    budget = Budget(limit, clock=lambda: now)
    assert (budget.elapsed(), budget.remaining()) == (0, limit)
    for step in steps:
        now += step
        assert budget.elapsed() == now - start
        assert budget.elapsed() + budget.remaining() == pytest.approx(limit, abs=1e-3)


def test_no_limit_never_ends():
    now = 0.0
    budget = Budget(None, clock=lambda: now)
    now = 1e9
    assert budget.seconds is None
    assert budget.remaining() == math.inf
    assert budget.elapsed() == 1e9


def test_after_the_deadline_a_budget_is_negative():
    now = 0.0
    budget = Budget(1.0, clock=lambda: now)
    now = 3.0
    assert budget.remaining() == -2.0


def test_a_change_of_the_wall_clock_does_not_matter(monkeypatch):
    budget = Budget(60.0)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert 0 <= budget.elapsed() < 60
