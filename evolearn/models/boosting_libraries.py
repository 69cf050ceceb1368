"""LightGBM, XGBoost and CatBoost: part of the default space where they are installed.

They come with the extra ``boosting``; nothing here imports them. None of them can stop early
within a plain ``fit``, so their number of rounds is evolved. All train in one thread, as every
candidate does, and with that give the same model for a seed.

Costs and footprints are as measured by ``benchmarks/cost_model.py`` and
``benchmarks/footprint.py``; up to 50,000 rows LightGBM holds a copy more, to find its bins.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from evolearn.models.shared import (
    BOOSTING,
    BOOSTING_PARAMETERS,
    BOOSTING_SLOTS,
    FREE_TARGETS,
    with_target,
)
from evolearn.pipeline.component import Component, Cost, Footprint
from evolearn.pipeline.domains import Choice, Domain, Float, Integer
from evolearn.pipeline.optional_library import Imported, is_installed

# A tree that grows by levels has up to 2 ** depth leaves, each with a histogram of 256 bins per
# column: from here on every level would double the memory and, of CatBoost, the seconds. As a
# `Footprint` counts by level, each counts as its share of the leaves of the deepest tree.
DEEPEST = 8
LEAVES_PER_LEVEL = 2**DEEPEST / DEEPEST

_LEARNING_RATE = BOOSTING_PARAMETERS["learning_rate"]
_ROUNDS = BOOSTING_PARAMETERS["max_iter"]


def _lightgbm_categories(are_categories: Sequence[bool]) -> dict[str, Any]:
    # The alias under which its own Dataset passes them on; `categorical_feature`, which is
    # for its fit, would be ignored.
    return {"categorical_column": [i for i, is_one in enumerate(are_categories) if is_one]}


def _xgboost_categories(are_categories: Sequence[bool]) -> dict[str, Any]:
    types = ["c" if is_one else "q" for is_one in are_categories]
    return {"enable_categorical": True, "feature_types": types}


def _library(
    name: str,
    classes: tuple[str, str],
    least: str,
    settings: Mapping[str, Any],
    parameters: Mapping[str, Domain],
    **details: Any,
) -> dict[str, Component]:
    """Return the component of a library's classifier and that of its regressor."""
    # Parameters that are evolved are set from the start: CatBoost's classes know no others.
    start = {parameter: domain.default for parameter, domain in parameters.items()}
    slots = details.pop("slots", BOOSTING_SLOTS)
    slots_by_task = {
        "classification": slots,
        "regression": with_target(slots, *FREE_TARGETS),
    }
    return {
        task: Component(
            name,
            Imported(name, class_name, least, {**start, **settings}),
            parameters,
            slots=slots_by_task[task],
            handles=BOOSTING,
            complexity=5.0,
            **details,
        )
        for task, class_name in zip(slots_by_task, classes, strict=True)
    }


_LIBRARIES = {
    "lightgbm": _library(
        "lightgbm",
        ("LGBMClassifier", "LGBMRegressor"),
        # Before, it made up names for the columns of an array and warned that they were
        # missing when it predicted.
        least="4.7",
        settings={
            "n_jobs": 1,
            "verbose": -1,
            "deterministic": True,
            "force_row_wise": True,  # or it would try both ways and keep the faster one
            "subsample_for_bin": 50_000,  # each of these rows is held twice
            "subsample_freq": 1,  # without it `subsample` has no effect
        },
        parameters={
            "learning_rate": _LEARNING_RATE,
            "n_estimators": _ROUNDS,
            "num_leaves": Integer(4, 128, log=True, start=31),
            "min_child_samples": Integer(1, 100, log=True, start=20),
            "reg_lambda": Float(1e-6, 30.0, log=True, start=1e-3),
            "colsample_bytree": Float(0.2, 1.0, start=1.0),
            "subsample": Float(0.5, 1.0, start=1.0),
            "extra_trees": Choice(False, True),
        },
        native=_lightgbm_categories,
        cost=Cost(
            0.05,
            rows=0.6,
            columns=0.95,
            outputs=1.0,
            linear=0.009,
            units={
                "n_estimators": (100, 1.0),
                "num_leaves": (31, 0.7),
                "colsample_bytree": (1.0, 0.4),
            },
        ),
        footprint=Footprint(
            1.9, refit_copies=0.6, of_output=24.0, of_column={"num_leaves": 256 * 16.0}
        ),
    ),
    "xgboost": _library(
        "xgboost",
        ("XGBClassifier", "XGBRegressor"),
        least="3.0",  # of a release that knows the tags of scikit-learn
        settings={"n_jobs": 1, "verbosity": 0, "tree_method": "hist"},
        parameters={
            "learning_rate": _LEARNING_RATE,
            "n_estimators": _ROUNDS,
            "max_depth": Integer(2, DEEPEST, start=6),
            "min_child_weight": Float(0.1, 30.0, log=True, start=1.0),
            "reg_lambda": Float(1e-3, 30.0, log=True, start=1.0),
            "colsample_bytree": Float(0.2, 1.0, start=1.0),
            "subsample": Float(0.5, 1.0, start=1.0),
        },
        native=_xgboost_categories,
        coded_labels=True,  # its classes must be the numbers from 0 on
        cost=Cost(
            0.13,
            rows=0.3,
            columns=0.9,
            outputs=0.9,
            linear=0.007,
            units={"n_estimators": (100, 1.0), "colsample_bytree": (1.0, 0.4)},
        ),
        footprint=Footprint(
            1.0, of_output=24.0, of_column={"max_depth": 256 * 32.0 * LEAVES_PER_LEVEL}
        ),
    ),
    "catboost": _library(
        "catboost",
        ("CatBoostClassifier", "CatBoostRegressor"),
        least="1.2.9",  # the first that knows the tags of scikit-learn
        settings={
            "thread_count": 1,
            "verbose": False,
            "allow_writing_files": False,
            "random_state": None,  # named, so that it is found among the seeds to be set
        },
        parameters={
            "learning_rate": _LEARNING_RATE,
            "iterations": _ROUNDS,
            "depth": Integer(3, DEEPEST, start=6),
            "l2_leaf_reg": Float(0.1, 30.0, log=True, start=3.0),
            "random_strength": Float(0.1, 10.0, log=True, start=1.0),
            "rsm": Float(0.2, 1.0, start=1.0),
        },
        # It takes text or integers for categories, which a matrix of floats does not hold.
        slots={**BOOSTING_SLOTS, "encoder": ("target_mean", "ordinal", "one_hot")},
        coded_labels=True,  # of more than two classes, or of text, it answers in a column
        cost=Cost(
            0.2,
            rows=0.12,
            columns=0.95,
            outputs=0.85,
            linear=0.013,
            units={"iterations": (100, 1.0), "rsm": (1.0, 0.4)},
        ),
        footprint=Footprint(
            1.4,
            of_row=190.0,  # whatever the columns: of 5 it takes 5.4 copies, of 30 it takes 1.5
            of_output=24.0,
            of_column={"depth": 256 * 16.0 * LEAVES_PER_LEVEL},
        ),
    ),
}

#: The names of all of them, installed or not: those of the components and of the modules.
BOOSTING_LIBRARIES = tuple(_LIBRARIES)


def boosting_components(task: str) -> tuple[Component, ...]:
    """Return the components of a task whose libraries are installed."""
    return tuple(of[task] for name, of in _LIBRARIES.items() if is_installed(name))
