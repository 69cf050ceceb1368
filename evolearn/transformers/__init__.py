"""Transformers that compute new columns of a numeric matrix, or select among its columns."""

from evolearn.transformers.best_columns import BestColumns
from evolearn.transformers.bounded_target import BoundedTarget
from evolearn.transformers.category_relations import CategoryRelations
from evolearn.transformers.column_mask import ColumnMask
from evolearn.transformers.date_features import DateFeatures
from evolearn.transformers.formula_features import ConstructedFeatures
from evolearn.transformers.formula_language import LARGEST, OPERATORS, Expression, parse
from evolearn.transformers.known_categories import MISSING, CodeImputer, KnownCategories
from evolearn.transformers.known_columns import KnownColumns
from evolearn.transformers.new_missing import NewMissingImputer
from evolearn.transformers.relation_language import KINDS, Relation, parse_relation

__all__ = [
    "KINDS",
    "LARGEST",
    "MISSING",
    "OPERATORS",
    "BestColumns",
    "BoundedTarget",
    "CategoryRelations",
    "CodeImputer",
    "ColumnMask",
    "ConstructedFeatures",
    "DateFeatures",
    "Expression",
    "KnownCategories",
    "KnownColumns",
    "NewMissingImputer",
    "Relation",
    "parse",
    "parse_relation",
]
