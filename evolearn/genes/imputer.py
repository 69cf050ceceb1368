"""Gene of the imputer: how missing numbers are filled in."""

from sklearn.impute import SimpleImputer

from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Choice
from evolearn.pipeline.gene import Gene, Options, Trait
from evolearn.pipeline.genome import Allele
from evolearn.pipeline.problem import Problem

# A median takes a masked and a sorted copy of the columns, two more than a mean.
FRUGAL_STRATEGIES = Choice("mean", "most_frequent")


class ImputerGene(Gene):
    """Imputation, also where the training rows miss nothing: rows to predict may."""

    name = "imputer"
    components = (
        Component(
            "simple_imputer",
            SimpleImputer(keep_empty_features=True),
            {
                "strategy": Choice("median", "mean", "most_frequent"),
                "add_indicator": Choice(True, False),
            },
            handles=frozenset({"sparse"}),
            complexity=0.0,
        ),
    )

    def options(self, traits: frozenset[Trait]) -> Options:
        """Return the imputer for estimators that need complete columns."""
        needed = traits & {Trait.UNKNOWN, Trait.COMPLETE}
        return ("simple_imputer",) if needed else ()

    def options_on_table(self, estimator: Component, problem: Problem) -> Options | None:
        """Return the imputer for trees on sparse data, where they accept no missing values."""
        if estimator.user_defined or not problem.table.sparse:
            return None
        return None if "missing" in estimator.handles else ("simple_imputer",)

    def sized(self, option: Component, problem: Problem) -> Component:
        """Return an imputer without medians on a large table."""
        if problem.memory == float("inf") or option.name != "simple_imputer":
            return option
        return option.with_domains(strategy=FRUGAL_STRATEGIES)

    def in_one_line(self, allele: Allele) -> str:
        """Return the strategy, such as ``"impute median"``."""
        return f"impute {str(dict(allele.values).get('strategy', 'median')).replace('_', ' ')}"
