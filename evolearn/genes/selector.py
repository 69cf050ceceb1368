"""Gene of the selector: a selection of columns by their relation to the target."""

from types import MappingProxyType

from sklearn.base import BaseEstimator
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
from sklearn.feature_selection import SelectFromModel, f_classif, f_regression

from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Choice, Integer
from evolearn.pipeline.gene import Gene, Options, Trait
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.resources import Footprint
from evolearn.transformers import BestColumns

SELECTOR, BY_TREES = "selector", "by_trees"
# Few and small trees find the columns that matter: against 50 full ones they take a half to a
# third of the seconds, and agree on 88 to 99 % of the columns (other seeds on 92 to 100 %).
_TREES = {
    "n_estimators": 25,
    "min_samples_leaf": 5,
    "max_leaf_nodes": 256,
    "max_features": "sqrt",
}


def _univariate(name: str, score_function: object, task: str) -> Component:
    return Component(
        name,
        BestColumns(score_function),
        {"percentile": Integer(10, 90, start=50)},
        handles=frozenset({"sparse"}),
        complexity=0.3,
        tasks=(task,),
    )


def _by_trees(name: str, trees: type[BaseEstimator], task: str) -> Component:
    return Component(
        name,
        SelectFromModel(trees(**_TREES), threshold="0.5*mean"),
        {"threshold": Choice("0.5*mean", "mean", "0.2*mean")},
        handles=frozenset({"sparse"}),
        complexity=0.6,
        footprint=Footprint(0.5),
        tasks=(task,),
    )


class SelectorGene(Gene):
    """Selection of columns, one by one or by their importance in trees."""

    name = SELECTOR
    labels = MappingProxyType(
        {
            "univariate": "select columns by F-test",
            "univariate_regression": "select columns by F-test",
            "by_trees": "select columns by trees",
            "by_trees_regression": "select columns by trees",
        }
    )
    joint = True
    components = (
        Component("no_selector", None, complexity=0.0),
        _univariate("univariate", f_classif, "classification"),
        _univariate("univariate_regression", f_regression, "regression"),
        _by_trees(BY_TREES, ExtraTreesClassifier, "classification"),
        _by_trees("by_trees_regression", ExtraTreesRegressor, "regression"),
    )

    def options(self, traits: frozenset[Trait]) -> Options:
        """Return the options for estimators that suffer from columns of no use."""
        return super().options(traits) if Trait.SELECTED in traits else ()

    def why_not(self, option: Component, problem: Problem) -> str | None:
        """Return a reason for a single column, of which none can be selected."""
        univariate = option.name.startswith("univariate")
        if univariate and problem.n_encoded_columns < 2:
            return "there is a single column"
        return super().why_not(option, problem)
