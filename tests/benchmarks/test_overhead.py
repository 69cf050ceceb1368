"""The measurement of what the machinery costs per candidate."""

from overhead import measure


def test_a_search_whose_candidates_do_nothing_takes_some_time():
    assert measure(20, n_jobs=1) > 0
