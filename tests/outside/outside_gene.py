"""A gene from outside of evolearn: mean and range of the numbers in each row."""

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Choice
from evolearn.pipeline.gene import Gene, Trait


class RowStatistics(TransformerMixin, BaseEstimator):
    """Add statistics of each row behind its columns; missing where a number is missing."""

    def __init__(self, statistics=("mean", "ptp")):
        self.statistics = statistics

    def fit(self, X, y=None):
        validate_data(self, X, ensure_all_finite="allow-nan")
        return self

    def transform(self, X):
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, ensure_all_finite="allow-nan")
        made = [getattr(np, name)(X, axis=1) for name in self.statistics]
        return np.column_stack([X, *made])

    def get_feature_names_out(self, input_features=None):
        names = self.feature_names_in_ if input_features is None else input_features
        return np.array([*names, *self.statistics], dtype=object)


class RowStatisticsGene(Gene):
    """Whether a pipeline gets statistics of each row."""

    name = "rows"
    neutral = "plain_rows"
    components = (
        Component("plain_rows", None, complexity=0.0),
        Component(
            "row_statistics",
            RowStatistics,
            {"statistics": Choice(("mean", "ptp"), ("mean",), ("std", "min", "max"))},
            handles=frozenset({"missing"}),
            complexity=0.3,
        ),
    )

    def options(self, traits):
        """Return the options for all estimators but those of the user."""
        return () if Trait.UNKNOWN in traits else ("plain_rows", "row_statistics")

    def why_not(self, option, problem):
        """Return a reason for tables with fewer than two numbers."""
        if option.name == "row_statistics" and problem.table.n_numeric < 2:
            return "there are fewer than two numbers in a row"
        return super().why_not(option, problem)

    def add_steps(self, plan, allele, step):
        """Add the statistics behind the numeric columns, if the mask leaves any."""
        if step is not None and plan.n_numbers:
            plan.number_steps.append((self.name, step))
            plan.n_numbers += len(step.statistics)

    def variants(self, genomes, complete, options):
        """Insert three entries with the statistics behind the first entry."""
        if "row_statistics" not in [option.name for option in options]:
            return genomes  # left out on this table, or by the user
        able = [genome for genome in genomes if self.name in genome][:3]
        made = [complete({**genome.params, self.name: "row_statistics"}) for genome in able]
        return [genomes[0], *made, *genomes[1:]]
