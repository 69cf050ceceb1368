"""Gains of made columns, and the correlation of residuals."""

from types import SimpleNamespace

import numpy as np
import pytest

from evolearn.insights.made_columns import made_columns_of
from evolearn.insights.residuals import residual_correlation
from evolearn.pipeline.genome import Allele, Genome


def record(number, scores, formulas=(), alpha=1.0):
    genes = (
        ("features", Allele.of("constructed", {"made": tuple(formulas)})),
        ("estimator", Allele.of("ridge", {"alpha": alpha})),
    )
    complete = not np.isnan(scores).any()
    return SimpleNamespace(
        candidate=SimpleNamespace(number=number, genome=Genome(genes)),
        evaluation=SimpleNamespace(scores=scores, error=1.0 if complete else None),
    )


def columns(*records, weights=None):
    gene = SimpleNamespace(
        name="features", made_columns=lambda allele, schema: dict(allele.values)["made"]
    )
    space = SimpleNamespace(genes=[gene])
    made = made_columns_of(records, weights or {}, space, None, lambda score: -score)
    return {column.formula: column for column in made}


def test_the_gain_is_that_over_the_same_pipeline_without_the_column():
    found = columns(
        record(0, (-2.0, -4.0)),
        record(1, (-1.0, -3.0), ["a / b"]),
        record(2, (-9.0, -9.0), ["a / b"], alpha=2.0),  # of another pipeline
        weights={1: 0.25},
    )["a / b"]
    assert found.gain == pytest.approx(1 / 3)
    assert found.lower == found.upper == pytest.approx(1 / 3)  # the same in both folds
    assert (found.n_pairs, found.n_candidates, found.weight) == (1, 2, 0.25)


def test_a_pair_that_differs_in_two_columns_counts_for_both_in_equal_parts():
    found = columns(record(0, (-4.0, -4.0), ["old"]), record(1, (-2.0, -2.0), ["new"]))
    assert found["new"].gain == pytest.approx(0.25)
    assert found["old"].gain == pytest.approx(-0.25)


def test_candidates_that_were_given_up_are_compared_on_the_folds_that_they_ran():
    found = columns(record(0, (-2.0, -4.0)), record(1, (-3.0, np.nan), ["a"]))["a"]
    assert found.gain == pytest.approx(-0.5)
    assert found.lower is None
    assert found.n_candidates == 0


def test_columns_without_a_comparison_have_no_gain_and_come_last():
    pair = record(1, (-2.0,), alpha=2.0), record(2, (-1.0,), ["b"], alpha=2.0)
    found = columns(record(0, (-1.0,), ["a"]), *pair)
    assert found["a"].gain is None
    assert list(found) == ["b", "a"]


def test_residuals_are_correlated_as_numpy_does_it():
    target = np.array([1.0, 2.0, 4.0, 3.0])
    predictions = [target + [0, 1, 0, 1], target + [1, 1, 0, 0]]
    task = SimpleNamespace(width=1, perfect_predictions=lambda values: values)
    entries = [
        SimpleNamespace(
            number=number,
            genome=SimpleNamespace(estimator="ridge"),
            predictions=one,
            evaluation=SimpleNamespace(predictions=one),
        )
        for number, one in enumerate(predictions)
    ]
    found = residual_correlation(entries, {0: 0.4, 1: 0.6}, target, task)
    np.testing.assert_allclose(found.correlation, [[1, 0], [0, 1]], atol=1e-12)
    assert found.weights == (0.4, 0.6)


def test_a_long_search_of_one_pipeline_is_compared_in_part():
    with_a = [record(i, (-1.0,), ["a", f"b{i}"]) for i in range(1, 400, 2)]
    without = [record(i, (-2.0,), [f"b{i}"]) for i in range(0, 400, 2)]
    found = columns(*with_a, *without, weights={1: 1.0})["a"]
    assert 200 <= found.n_pairs <= 10 * 400  # and not 200 * 200
    assert found.gain > 0
