"""Features made of others, or left out, as steps of a pipeline."""

from evolearn.features.constructed import ConstructedFeatures
from evolearn.features.dates import DateFeatures
from evolearn.features.expressions import LARGEST, OPERATORS, Expression, parse
from evolearn.features.known import KnownColumns
from evolearn.features.mask import ColumnMask
from evolearn.features.related import CategoryRelations
from evolearn.features.relations import KINDS, Relation, parse_relation
from evolearn.features.selection import BestColumns
from evolearn.features.target import BoundedTarget

__all__ = [
    "KINDS",
    "LARGEST",
    "OPERATORS",
    "BestColumns",
    "BoundedTarget",
    "CategoryRelations",
    "ColumnMask",
    "ConstructedFeatures",
    "DateFeatures",
    "Expression",
    "KnownColumns",
    "Relation",
    "parse",
    "parse_relation",
]
