"""Features made of others: formulas over columns, as a step of a pipeline."""

from evolearn.features.constructed import ConstructedFeatures
from evolearn.features.expressions import LARGEST, OPERATORS, Expression, parse

__all__ = ["LARGEST", "OPERATORS", "ConstructedFeatures", "Expression", "parse"]
