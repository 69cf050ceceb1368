"""Features made of others: formulas and relations over columns, as steps of a pipeline."""

from evolearn.features.constructed import ConstructedFeatures
from evolearn.features.expressions import LARGEST, OPERATORS, Expression, parse
from evolearn.features.related import CategoryRelations
from evolearn.features.relations import KINDS, Relation, parse_relation

__all__ = [
    "KINDS",
    "LARGEST",
    "OPERATORS",
    "CategoryRelations",
    "ConstructedFeatures",
    "Expression",
    "Relation",
    "parse",
    "parse_relation",
]
