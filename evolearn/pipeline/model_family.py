"""The protocol of model families: everything about one type of estimator."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evolearn.pipeline.component import Component
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


class ModelFamily(ABC):
    """One type of estimator, for every task that it can learn.

    A family is a subclass in a file and an instance of it in the registry
    (`evolearn.pipeline.registry.register_family`).

    Attributes
    ----------
    name : str
        The name of its components in genomes and results.
    tasks : tuple of str
        The kinds of tasks that it learns, as `Problem.task` names them.
    portfolio : dict of str to sequence of PortfolioEntry
        By task.
    stacking : PortfolioEntry or None
        The configuration that the stacking layer tries; None: none.
    cost : Cost or None
        Expected seconds of a fit, where they are the same for all tasks.
    is_reference : bool
        Whether the family's expected seconds tell how large a table is for a budget.
    """

    name: str
    tasks: tuple[str, ...] = ("classification", "regression")
    portfolio: Mapping[str, Sequence[PortfolioEntry]] = {}
    stacking: PortfolioEntry | None = None
    cost: Cost | None = None
    is_reference: bool = False

    @abstractmethod
    def component(self, task: str) -> Component:
        """Return the component for one of the family's tasks."""

    @property
    def requirement(self) -> str | None:
        """The distribution to install before the family can be used; None: it can be used."""
        return None
