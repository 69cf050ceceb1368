"""Summary of a fitted model, and the card of an estimator in a notebook."""

import copy

import numpy as np
import pytest
from sklearn import config_context
from sklearn.datasets import make_regression
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor

X, Y = make_regression(80, 4, noise=5.0, random_state=0)


def search(**changes):
    settings = {
        "search_space": ["ridge", "decision_tree"],
        "time_budget": None,
        "n_evaluations": 8,
        "population_size": 4,
        "cv": 3,
        "random_state": 0,
    }
    return EvolutionaryRegressor(**(settings | changes))


@pytest.fixture(scope="module")
def model():
    table = np.column_stack([X, np.ones(len(X))])
    return search().fit(table, Y)


def test_the_summary_has_the_estimate_first_and_at_most_ten_lines(model):
    lines = model.summary().splitlines()
    assert model.estimate_.sentence() in lines[0]
    assert len(lines) <= 10
    text = "\n".join(lines)
    for part in ("RMSE", "below the baseline", "ridge", "8 candidates", "Left out: x4"):
        assert part in text


@pytest.mark.parametrize("changes", [{"final_model": "single"}, {"n_evaluations": 1}])
def test_every_fitted_model_has_a_summary_and_a_card(changes):
    model = search(**changes).fit(X, Y)
    assert model.summary().startswith("EvolutionaryRegressor: ")
    assert "Model: " in model._repr_html_()


def test_the_card_shows_best_candidates_and_folds_the_diagram(model):
    html = model._repr_html_()
    board = model.leaderboard_
    assert board["pipeline"][board["rank"] == 1][0].replace(">", "&gt;") in html
    assert "<details><summary>Parameters and steps" in html
    assert repr(model).startswith("EvolutionaryRegressor(")
    assert "Expected error" in model._repr_mimebundle_()["text/html"]


def test_texts_of_the_user_are_escaped(model):
    other = copy.copy(model)
    other.dropped_columns_ = {"<script>": "constant"}
    assert "<script>, " not in other._repr_html_().partition("<details>")[0]
    assert "&lt;script&gt;" in other._repr_html_()


def test_before_fit_the_card_says_so():
    assert "Not fitted yet" in EvolutionaryClassifier()._repr_html_()
    with pytest.raises(NotFittedError):
        EvolutionaryClassifier().summary()
    assert "EvolutionaryClassifier" in make_pipeline(EvolutionaryClassifier())._repr_html_()
    with config_context(display="text"):
        assert not hasattr(EvolutionaryClassifier(), "_repr_html_")
