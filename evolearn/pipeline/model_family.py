"""Model families: everything about one type of estimator, for all its tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evolearn.pipeline.domains import Domain
from evolearn.pipeline.gene import Trait
from evolearn.pipeline.optional_library import is_installed
from evolearn.pipeline.resources import Cost


@dataclass(frozen=True)
class PortfolioEntry:
    """A configuration for the first generation of a search.

    Attributes
    ----------
    rank : float
        Its place in the portfolio of its task; the entry of rank 0 is the baseline.
    values : dict of str to object
        Hyperparameters that differ from their defaults.
    options : dict of str to str
        Options of genes that differ from the estimator's defaults.
    """

    rank: float
    values: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)

    def params(self, estimator: str) -> dict[str, Any]:
        """Return the flat description of the entry, as in ``best_params_``."""
        named = {f"{estimator}__{name}": value for name, value in self.values.items()}
        return {"estimator": estimator, **self.options, **named}


@dataclass(frozen=True)
class Model:
    """The estimator of a family for one task.

    Attributes
    ----------
    estimator : estimator or class
    parameters : dict of str to domain
        The hyperparameters to evolve.
    traits : frozenset of Trait
        The estimator's needs, by which genes decide which options it gets.
    cost : Cost
        Expected seconds of a fit.
    """

    estimator: Any
    parameters: Mapping[str, Domain]
    traits: frozenset[Trait]
    cost: Cost


@dataclass(frozen=True)
class ModelFamily:
    """One type of estimator, for every task that it can learn.

    A family is defined in a file and added to the registry
    (`evolearn.pipeline.registry.register_family`).

    Attributes
    ----------
    name : str
        The name of its components in genomes and results.
    models : dict of str to Model
        By task, as `Problem.task` names it.
    details : dict of str to object
        Further parameters of `Component`, the same for all tasks.
    portfolio : dict of str to sequence of PortfolioEntry
        By task.
    stacking : PortfolioEntry or None
        The configuration that the stacking layer tries; None: none.
    library : str or None
        The optional library that it needs; None: scikit-learn or evolearn.
    is_reference : bool
        Whether the family's expected seconds tell how large a table is for a budget.
    aliases : tuple of str
        Other names by which users ask for it; families may share one.
    """

    name: str
    models: Mapping[str, Model]
    details: Mapping[str, Any] = field(default_factory=dict)
    portfolio: Mapping[str, Sequence[PortfolioEntry]] = field(default_factory=dict)
    stacking: PortfolioEntry | None = None
    library: str | None = None
    is_reference: bool = False
    aliases: tuple[str, ...] = ()

    @property
    def is_usable(self) -> bool:
        """Whether the family's library is installed."""
        return self.library is None or is_installed(self.library)
