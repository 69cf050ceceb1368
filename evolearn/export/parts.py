"""The types of which model files may hold objects.

A file in skops' format names the type of each object, and its reader has to trust them one by
one. Fitted models are made of some sixty types of evolearn and scikit-learn. In a file, an
object of one of these is a `Part`: its reader trusts one type, which makes objects of this list
alone. None of them runs code that a file could name.
"""

import importlib
from typing import Any

from numpy.typing import NDArray

from evolearn.exceptions import ModelFileError

_OF_EVOLEARN = {
    "data.preparer": ("ColumnPreparer",),
    "data.tokens": ("Tokens",),
    "ensemble.stacking": ("FirstLayer",),
    "estimators.classifier": ("EvolutionaryClassifier",),
    "estimators.regressor": ("EvolutionaryRegressor",),
    "export.parts": ("NotSaved",),
    "fit.kept_models": ("KeptModel",),
    "fit.uncertainty": ("Uncertainty",),
    "networks.categories": ("CategoryVectors",),
    "networks.classifier": ("NetworkClassifier",),
    "networks.embedding": ("Embedding",),
    "networks.layers": ("ParallelNetworks",),
    "networks.regressor": ("NetworkRegressor",),
    "results.error_summaries": ("ClassificationSummary", "ResidualSummary"),
    "results.estimate": ("SimplerModel",),
    "results.findings": (
        "Finding",
        "Diagnosis",
    ),
    "results.insights": (
        "Condition",
        "Dependence",
        "Importances",
        "Insights",
        "Lineage",
        "LineageStep",
        "MadeColumn",
        "ResidualCorrelation",
        "Segment",
        "WorstSegments",
    ),
    "results.search_explanation": ("PartOfSearch", "SearchExplanation"),
    "tasks.classifiers": ("ColumnEnsembleClassifier", "EnsembleClassifier"),
    "tasks.regressors": ("ColumnEnsembleRegressor", "EnsembleRegressor"),
    "transformers.best_columns": ("BestColumns",),
    "transformers.bounded_target": ("BoundedTarget",),
    "transformers.category_relations": ("CategoryRelations",),
    "transformers.category_statistics": ("Categories", "CategoryStatistic", "Pairs"),
    "transformers.column_mask": ("ColumnMask",),
    "transformers.date_features": ("DateFeatures",),
    "transformers.formula_features": ("ConstructedFeatures",),
    "transformers.known_categories": ("CodeImputer", "KnownCategories"),
    "transformers.known_columns": ("KnownColumns",),
    "transformers.new_missing": ("NewMissingImputer",),
    "transformers.relation_language": ("Relation",),
    "uncertainty.intervals": ("IntervalCalibration",),
    "uncertainty.sets": ("SetCalibration",),
}
# Those of scikit-learn that are no estimators; skops trusts its estimators by itself.
_OF_SCIKIT_LEARN = {
    "calibration": ("_CalibratedClassifier", "_SigmoidCalibration"),
    "ensemble._hist_gradient_boosting.binning": ("_BinMapper",),
    "ensemble._hist_gradient_boosting.predictor": ("TreePredictor",),
    "gaussian_process._gpc": ("_BinaryGaussianProcessClassifierLaplace",),
    "gaussian_process.kernels": (
        "ConstantKernel",
        "Matern",
        "Product",
        "RBF",
        "Sum",
        "WhiteKernel",
    ),
    "model_selection._split": ("KFold", "StratifiedKFold"),
}
_OF_LIGHTGBM = {
    "basic": ("Booster",),
    "compat": ("_LGBMLabelEncoder",),
    "sklearn": ("LGBMClassifier", "LGBMRegressor"),
}
_OF_XGBOOST = {"core": ("Booster",), "sklearn": ("XGBClassifier", "XGBRegressor")}
_PACKAGES: dict[str, dict[str, tuple[str, ...]]] = {
    "catboost": {"core": ("CatBoostClassifier", "CatBoostRegressor")},
    "evolearn": _OF_EVOLEARN,
    "lightgbm": _OF_LIGHTGBM,
    "scipy": {"interpolate._bsplines": ("BSpline",)},
    "sklearn": _OF_SCIKIT_LEARN,
    "xgboost": _OF_XGBOOST,
}
#: Full names of the types that a part may become.
PART_TYPES = frozenset(
    f"{package}.{module}.{name}"
    for package, modules in _PACKAGES.items()
    for module, names in modules.items()
    for name in names
)


class NotSaved:
    """Placeholder of a parameter that a model file does not hold, such as a function.

    Parameters
    ----------
    kind : str
        Name of the type of the value.

    Examples
    --------
    >>> from evolearn.export.parts import NotSaved
    >>> NotSaved("KFold")
    <KFold, not saved>
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def __repr__(self) -> str:
        return f"<{self.kind}, not saved>"


class Part:
    """An object of one of `PART_TYPES` in a file; once its state is set, it is that object.

    Parameters
    ----------
    kind : str
        Full name of the type.
    state : object
        The state as `pickle` would save it.
    """

    def __init__(self, kind: str, state: Any) -> None:
        self.kind = kind
        self.state = state

    def __setstate__(self, state: dict[str, Any]) -> None:
        kind, content = state["kind"], state["state"]
        if kind not in PART_TYPES:
            raise ModelFileError(f"A model file must not hold objects of the type {kind}.")
        module, _, name = kind.rpartition(".")
        cls = getattr(importlib.import_module(module), name)
        # An object is made before its content, and by its type's name alone: skops asks the
        # type for no other object to put in its place.
        self.__class__ = cls
        if hasattr(cls, "__setstate__"):
            self.__setstate__(content)
        elif content is not None:
            vars(self).update(content)


def rows(array: NDArray[Any], start: int, stop: int) -> NDArray[Any]:
    """Return a copy of some rows of an array: a model file joins many small arrays."""
    return array[start:stop].copy()
