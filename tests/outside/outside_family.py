"""A model family from outside of evolearn: AdaBoost of scikit-learn."""

from sklearn.ensemble import AdaBoostClassifier, AdaBoostRegressor

from evolearn.pipeline.component import capped
from evolearn.pipeline.domains import Float, Integer
from evolearn.pipeline.gene import Trait
from evolearn.pipeline.model_family import Model, ModelFamily, PortfolioEntry
from evolearn.pipeline.resources import Cost, Footprint

PARAMETERS = {
    "n_estimators": Integer(10, 200, log=True, start=50),
    "learning_rate": Float(0.05, 2.0, log=True, start=1.0),
}
TRAITS = frozenset({Trait.THRESHOLDS, Trait.COMPLETE})
COST = Cost(0.06, units={"n_estimators": (50, 1.0)})


def size_limits(component, problem):
    """Return boosting with no more trees than the table has rows."""
    return capped(component, "n_estimators", problem.table.n_rows)


ADA_BOOST = ModelFamily(
    "ada_boost",
    {
        "classification": Model(AdaBoostClassifier, PARAMETERS, TRAITS, COST),
        "regression": Model(AdaBoostRegressor, PARAMETERS, TRAITS, COST),
    },
    {
        "handles": frozenset({"sparse"}),
        "complexity": 4.0,
        "footprint": Footprint(3.0),
        "size_limits": size_limits,
    },
    portfolio={
        "classification": (PortfolioEntry(9.5, {"n_estimators": 100}),),
        "regression": (PortfolioEntry(9.5, {"learning_rate": 0.5}),),
    },
)
