"""A model family from outside of evolearn: AdaBoost of scikit-learn."""

from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor

from evolearn.models.base import capped_where, family_component, most_trees
from evolearn.pipeline.domains import Float, Integer
from evolearn.pipeline.gene import Trait
from evolearn.pipeline.model_family import ModelFamily, PortfolioEntry
from evolearn.pipeline.resources import Cost, Footprint

PARAMETERS = {
    "n_estimators": Integer(10, 200, log=True, start=50),
    "learning_rate": Float(0.05, 2.0, log=True, start=1.0),
}


def size_limits(component, problem):
    """Return boosting with no more trees than are of use on a table."""
    most, domain = most_trees(problem), PARAMETERS["n_estimators"]
    return capped_where(component, "n_estimators", domain, most)


class AdaBoostFamily(ModelFamily):
    """Boosting of small trees by weights of the rows."""

    name = "ada_boost"
    portfolio = {
        "classification": (PortfolioEntry(9.5, {"n_estimators": 100}),),
        "regression": (PortfolioEntry(9.5, {"learning_rate": 0.5}),),
    }

    def component(self, task):
        """Return the classifier or the regressor."""
        return family_component(
            self.name,
            AdaBoostClassifier if task == "classification" else AdaBoostRegressor,
            PARAMETERS,
            {Trait.THRESHOLDS, Trait.COMPLETE},
            task,
            handles=frozenset({"sparse"}),
            complexity=4.0,
            cost=Cost(0.06, units={"n_estimators": (50, 1.0)}),
            footprint=Footprint(3.0),
            size_limits=size_limits,
        )
