"""Neural networks."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from evolearn.genes.encoder import ENCODER, TARGET_MEAN
from evolearn.genes.target import LOG_TARGET, TARGET
from evolearn.models.base import CLASSIFICATION, REGRESSION, SPARSE, capped_where, models_of
from evolearn.networks import NetworkClassifier, NetworkRegressor
from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import Choice, Domain, Float, Integer
from evolearn.pipeline.gene import Trait
from evolearn.pipeline.model_family import ModelFamily, PortfolioEntry
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.resources import Cost, Footprint

EPOCHS = Integer(8, 150, log=True, start=40)
PARAMETERS: Mapping[str, Domain] = {
    "hidden_layer_sizes": Choice(
        (128, 128), (64, 64), (256, 256), (256,), (64,), (128, 128, 128), (32, 32)
    ),
    "activation": Choice("silu", "relu", "tanh"),
    "embedding": Choice("none", "piecewise", "periodic"),
    "n_bins": Integer(4, 32, log=True, start=12),
    "frequency_scale": Float(0.03, 3.0, log=True, start=0.3),
    "n_members": Choice(2, 4, 8, 1),
    "max_iter": EPOCHS,
    "batch_size": Choice(128, 64, 32, 256),
    "learning_rate_init": Float(1e-3, 3e-2, log=True, start=6e-3),
    "weight_decay": Float(1e-4, 1.0, log=True, start=1e-2),
    "dropout": Choice(0.0, 0.1, 0.2, 0.35),
}
CONDITIONS = {
    "n_bins": ("embedding", ("piecewise", "periodic")),
    "frequency_scale": ("embedding", ("periodic",)),
}
# A warm start needs inputs of the same meaning, and the same activation of the units.
INHERITS = ("activation", "embedding", "n_bins", "frequency_scale")
# Networks see at most so many rows in all epochs together: on many rows fewer epochs do.
ROWS_SEEN = 400_000
# With more columns, an embedding by bins or waves makes networks that take too long.
MOST_EMBEDDED_COLUMNS = 100

_BINS: Mapping[str, Any] = {
    "embedding": "piecewise",
    "n_bins": 14,
    "dropout": 0.1,
    "learning_rate_init": 5e-3,
    "max_iter": 30,
}


def size_limits(component: Component, problem: Problem) -> Component:
    """Return a network with fewer epochs on many rows, and no embedding of many columns."""
    epochs = max(ROWS_SEEN // problem.n_fit_rows, int(EPOCHS.low))
    component = capped_where(component, "max_iter", EPOCHS, epochs)
    parameters = component.parameters
    few = problem.table.n_numeric <= MOST_EMBEDDED_COLUMNS
    if few or parameters.get("embedding") != PARAMETERS["embedding"]:
        return component
    embedding = ("embedding", *CONDITIONS)
    return replace(
        component,
        estimator=component.prototype().set_params(embedding="none"),
        parameters={k: v for k, v in parameters.items() if k not in embedding},
        conditions={k: v for k, v in component.conditions.items() if k not in embedding},
    )


_TRAITS = frozenset({Trait.COMPLETE, Trait.SELECTED, Trait.SELF_SCALED, Trait.CATEGORY_VECTORS})
_COST = Cost(
    0.6,
    rows=1.0,
    columns=0.4,
    outputs=0.1,
    units={
        "max_iter": (40, 1.0),
        "n_members": (4, 0.9),
        "hidden_layer_sizes": (256, 1.2),
        "batch_size": (128, -0.3),
        "n_bins": (12, 0.4),
    },
)
NETWORK = ModelFamily(
    "multi_layer_perceptron",
    models_of(NetworkClassifier, NetworkRegressor, PARAMETERS, _TRAITS, _COST),
    {
        "conditions": CONDITIONS,
        "handles": SPARSE,
        "complexity": 4.0,
        # Weights of every column's bins, and those of Adam, of 128 units and some members.
        "footprint": Footprint(3.0, of_column={"n_bins": 20_000.0}),
        "inherits": INHERITS,
        "size_limits": size_limits,
    },
    portfolio={
        CLASSIFICATION: (
            PortfolioEntry(
                4,
                {
                    "dropout": 0.35,
                    "learning_rate_init": 0.015,
                    "weight_decay": 0.3,
                    "batch_size": 64,
                    "max_iter": 25,
                },
                {ENCODER: TARGET_MEAN},
            ),
            PortfolioEntry(8, _BINS),
            PortfolioEntry(10, {"n_members": 4}),
            PortfolioEntry(
                16,
                {
                    "embedding": "periodic",
                    "frequency_scale": 0.4,
                    "n_bins": 16,
                    "hidden_layer_sizes": (64, 64),
                    "dropout": 0.35,
                    "learning_rate_init": 3e-3,
                    "weight_decay": 0.13,
                    "batch_size": 32,
                    "max_iter": 25,
                },
            ),
        ),
        REGRESSION: (
            PortfolioEntry(
                3, {"activation": "relu", "batch_size": 256, "learning_rate_init": 0.018}
            ),
            PortfolioEntry(7, _BINS),
            PortfolioEntry(
                12,
                {
                    "embedding": "periodic",
                    "frequency_scale": 1.0,
                    "n_bins": 8,
                    "learning_rate_init": 5e-3,
                    "max_iter": 30,
                },
            ),
            PortfolioEntry(14, {"n_members": 4}),
            PortfolioEntry(21, _BINS, {TARGET: LOG_TARGET}),
        ),
    },
    aliases=("mlp", "network", "neural network", "nn"),
)
