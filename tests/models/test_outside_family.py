"""A model family of another package: registered, conforming, and part of a search."""

import pickle
from pathlib import Path

import numpy as np
import outside_family
import pytest
from outside_family import ADA_BOOST

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor, SearchSpace
from evolearn.pipeline.portfolio_entries import portfolio_entries
from evolearn.pipeline.registry import (
    register_family,
    registered_families,
    unregister_family,
)
from evolearn.testing.model_families import FamilyConformance


@pytest.fixture
def registered():
    before = registered_families()
    register_family(ADA_BOOST)
    yield
    unregister_family("ada_boost")
    assert registered_families() == before


@pytest.mark.usefixtures("registered")
class TestConformance(FamilyConformance):
    @pytest.fixture
    def family(self):
        return "ada_boost"


def test_the_recipe_shows_this_family(request):
    recipe = request.config.rootpath / "docs/recipes/model_family.md"
    code = Path(outside_family.__file__).read_text(encoding="utf-8")
    assert code in recipe.read_text(encoding="utf-8")


@pytest.mark.usefixtures("registered")
@pytest.mark.parametrize("kind", [EvolutionaryClassifier, EvolutionaryRegressor])
def test_a_search_tries_it_beside_others(kind, multiclass, regression):
    X, y = multiclass if kind is EvolutionaryClassifier else regression
    model = kind(
        search_space=["ada_boost", "decision_tree"],
        time_budget=None,
        n_evaluations=12,
        population_size=4,
        cv=3,
        random_state=0,
        n_jobs=2,
    ).fit(X, y)
    assert model.search_space_.names == ("ada_boost", "decision_tree")
    results = model.cv_results_
    tried = results["param_estimator"] == "ada_boost"
    assert tried.any()
    assert set(results["status"][tried]) <= {"scored", "raced"}
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))


@pytest.mark.usefixtures("registered")
def test_it_is_part_of_the_default_space_and_portfolio():
    for task in ("classification", "regression"):
        assert "ada_boost" in SearchSpace.default(task).names
        assert "ada_boost" in [entry["estimator"] for entry in portfolio_entries(task)]
    with pytest.raises(ValueError, match="There is a model family 'ada_boost' already"):
        register_family(ADA_BOOST)


def test_a_family_that_is_removed_is_in_no_new_space(registered):
    unregister_family("ada_boost")
    assert "ada_boost" not in SearchSpace.default("regression").names
