"""Insights of a fitted model: errors, segments, importances, dependence, lineage."""

import json
import pickle
from itertools import pairwise

import numpy as np
import pytest
from people import PLACE, table_of
from scipy.sparse import csr_matrix

from evolearn import EvolutionaryRegressor
from evolearn.data import prepare_table
from evolearn.insights.columns import readable_columns
from evolearn.insights.errors import AbsentError
from evolearn.insights.segments import worst_segments
from evolearn.results.insights import Condition


def segments_of(table, errors, seed=0, **options):
    prepared = prepare_table(table)
    columns, rows = readable_columns(prepared), np.arange(len(errors))
    return worst_segments(prepared.matrix, rows, errors, columns, "error", seed, **options)


# -- segments -------------------------------------------------------------------------------


BAD = {
    "a range": (lambda X: X["age"] > 70, "age is above 7"),
    "a category": (lambda X: X["city"] == PLACE, f"city is {PLACE}"),
    "two categories": (lambda X: X["city"].isin(["Hof", "Ulm"]), "city is Hof, Ulm"),
    "a time": (lambda X: X["when"] < "2020-07-01", "when is at most 2020-0"),
    "missing values": (lambda X: X["noise"].isna(), "noise is missing"),
}


@pytest.mark.parametrize("name", BAD)
def test_the_segment_with_large_errors_is_named(name):
    chosen, words = BAD[name]
    X, rng = table_of(600), np.random.default_rng(3)
    found = segments_of(X, np.abs(rng.normal(size=600)) * (1 + 5 * chosen(X)))
    assert found.segments, found
    worst = found.segments[0]
    assert str(worst).startswith(words)
    assert worst.lower <= worst.error <= worst.upper
    assert worst.error > 2 * found.overall_error * (worst.share < 0.3)
    assert worst.n_rows == pytest.approx(chosen(X).sum(), rel=0.1)


def test_chance_makes_no_segment():
    found = [
        segments_of(table_of(300, seed), np.random.default_rng(seed).exponential(size=300))
        for seed in range(20)
    ]
    assert sum(bool(one.segments) for one in found) <= 2
    assert "No segment is clearly worse" in str(found[0])


def test_alike_rows_of_a_group_do_not_confirm_each_other():
    X, groups = table_of(400), np.arange(400) // 40
    X["noise"] = groups * 1.0
    errors = 1.0 + 5.0 * (groups == 3) + np.random.default_rng(0).exponential(size=400)
    assert segments_of(X, errors).segments
    assert not segments_of(X, errors, groups=groups).segments


def test_few_rows_have_no_segments():
    with pytest.raises(AbsentError, match="fewer than 100 rows"):
        segments_of(table_of(60), np.ones(60))


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Condition("a", 1.0, 2.0), "a is above 1 and at most 2"),
        (Condition("a", high=2.0, missing=True), "a is at most 2 or missing"),
        (Condition("a", low="2020-01-01"), "a is above 2020-01-01"),
        (Condition("a", categories=tuple("uvwxyz")), "a is u, v, w, x and 2 more"),
        (Condition("a", only_missing=True), "a is missing"),
        (Condition("a"), "a is known"),
    ],
)
def test_conditions_read_as_words(condition, words):
    assert str(condition) == words


# -- of a fit -------------------------------------------------------------------------------


def test_a_fit_names_its_worst_segment(regressor):
    worst = regressor.insights_.segments.segments[0]
    assert {condition.column for condition in worst.conditions} == {"age", "city"}
    assert worst.error > 2 * regressor.insights_.segments.overall_error


def test_residuals_are_those_of_all_rows(regressor):
    errors = regressor.insights_.errors
    assert errors.n_rows == sum(errors.count) == sum(errors.bars) == 600
    assert list(errors.predicted) == sorted(errors.predicted)
    # The metric of the search is the mean over folds, of the best single candidate.
    assert errors.root_mean_squared_error == pytest.approx(regressor.best_fitness_, rel=0.15)
    assert all(
        low <= high
        for low, high in zip(errors.quantiles[0.05], errors.quantiles[0.95], strict=True)
    )


def test_importances_have_intervals_and_are_those_in_sum_1(regressor):
    found = regressor.insights_.importances
    assert found.columns_of_table == ("age", "city", "when", "noise")
    assert set(found.frame()["column"][:2]) == {"age", "city"}
    squares = np.square(found.importance)
    np.testing.assert_allclose(regressor.feature_importances_, squares / squares.sum())
    assert np.all(np.array(found.lower) <= found.importance)
    assert np.all(np.array(found.upper) >= found.importance)


def test_dependence_follows_the_model(regressor):
    curves = {one.column: one for one in regressor.insights_.dependence}
    age, city = curves["age"], curves["city"]
    slope = np.polyfit(age.points, age.effect, 1)[0]
    assert slope == pytest.approx(0.2, abs=0.05)
    effects = dict(zip(city.points, city.effect, strict=True))
    others = [effect for name, effect in effects.items() if name != "Bonn"]
    assert effects["Bonn"] - np.mean(others) == pytest.approx(5.0, abs=1.5)


def test_confusion_and_calibration_of_classes(classifier):
    errors = classifier.insights_.errors
    assert errors.classes == ("low", "middle", "top")
    confusion = np.array(errors.confusion)
    assert confusion.sum() == sum(errors.count) == errors.n_rows == 150
    assert np.trace(confusion) / 150 == pytest.approx(errors.accuracy)
    assert 0 <= errors.calibration_error < 0.2
    assert "as middle" in str(errors)


def test_classes_have_dependence_each(classifier):
    outcomes = [one.outcome for one in classifier.insights_.dependence if one.column == "age"]
    assert outcomes == ["low", "middle", "top"]


def test_the_lineage_ends_with_the_best_candidate(regressor):
    steps = regressor.insights_.lineage.steps
    results = regressor.cv_results_
    assert steps[-1].candidate == results["candidate"][regressor.best_index_]
    assert steps[0].change.startswith(("portfolio entry", "random pipeline"))
    parents = dict(zip(results["candidate"], results["parents"], strict=True))
    for before, after in pairwise(steps):
        assert before.candidate in parents[after.candidate]
        assert after.gain == pytest.approx(before.fitness - after.fitness)


def test_insights_are_small_plain_and_hold_no_rows(regressor):
    text = json.dumps(regressor.insights_.json())
    assert len(text) < 20_000
    assert len(pickle.dumps(regressor.insights_)) < 20_000
    assert json.loads(text)["segments"]["error_name"] == "absolute error"


def test_insights_read_as_text_and_html(regressor):
    text, html = str(regressor.insights_), regressor.insights_._repr_html_()
    for word in ("Out-of-fold residuals", "Segments", "Importance", "city is Ulm"):
        assert word in text
    assert html.count("<table>") == html.count("</table>") >= 3


def test_absent_parts_have_a_reason():
    X = np.random.default_rng(0).normal(size=(40, 3))
    model = EvolutionaryRegressor(
        time_budget=None, n_evaluations=1, search_space=["ridge"], random_state=0
    ).fit(csr_matrix(X), X[:, 0])
    assert model.insights_.absent["importances"] == "the table is sparse"
    assert model.insights_.absent["segments"] == "the table is sparse"
    assert model.insights_.importances is None
    assert "No importances: the table is sparse." in str(model.insights_)
