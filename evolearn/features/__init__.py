"""Features made of others: formulas over columns and parts of dates, as steps of a pipeline."""

from evolearn.features.constructed import ConstructedFeatures
from evolearn.features.dates import DateFeatures
from evolearn.features.expressions import LARGEST, OPERATORS, Expression, parse

__all__ = ["LARGEST", "OPERATORS", "ConstructedFeatures", "DateFeatures", "Expression", "parse"]
