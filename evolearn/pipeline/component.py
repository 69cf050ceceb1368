"""Components: the estimators and transformers that pipelines are built of."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from sklearn.base import BaseEstimator, clone

from evolearn.messages import shown
from evolearn.pipeline.domains import Domain, Integer, as_domain
from evolearn.pipeline.genome import Allele
from evolearn.pipeline.optional_library import OptionalEstimator
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.resources import Cost, Footprint

#: The inputs that a component may accept unchanged, see `Component.handles`.
INPUTS = frozenset({"missing", "categories", "sparse"})


@dataclass(frozen=True)
class Component:
    """An estimator or transformer with the domains of its hyperparameters.

    Parameters
    ----------
    name : str
        The name in genomes, results and ``best_params_``.
    estimator : estimator or class
        What is built: it is cloned (a class, or an `OptionalEstimator`, is called without
        arguments), then given the values of the genome. None passes the data through.
    parameters : dict of str to domain, default={}
        The hyperparameters to evolve. A list of options stands for a `Choice`; nested names
        (``"base__alpha"``) work as in ``set_params``.
    conditions : dict of str to (str, tuple), default={}
        A parameter named here is active only while another one has one of the given values:
        ``{"gamma": ("kernel", ("rbf", "poly"))}``.
    slots : dict of str to tuple of str, default=None
        For estimators: the options of each gene that may prepare the data; a gene that is not
        named is not used. The first option is that of an unmutated genome. None: the options
        for an estimator whose needs are unknown.
    handles : frozenset of str, default=frozenset()
        Inputs it accepts unchanged: ``"missing"`` values, ``"categories"``, ``"sparse"`` data;
        all of them without an estimator.
    new_missing : bool, default=False
        For estimators that handle missing values: whether they do so in columns where the
        training rows miss nothing, and do not take them for the lowest or highest values there.
    complexity : float, default=1
        Its weight in the second objective of the search, in units of a linear model.
    cost : Cost, default=None
        Expected seconds of a fit; components too slow for a table are left out. None: not
        known, never left out.
    footprint : Footprint, default=None
        Memory of a fit; components too large for a table are left out. None: not known, never
        left out.
    whole : bool, default=False
        Whether it is a pipeline of the user, fitted on the original table without preparation.
    user_defined : bool, default=True
        Whether it is searched as it is: the rules that adapt the components of evolearn's
        model families to a table (size limits, early stopping, scaling) leave it alone.
    tasks : tuple of str, default=None
        For options of genes: the tasks that the option is made for; None: all.
    class_rows : int, default=1
        Rows of every class that a classifier needs in the training part of a fold.
    full_rank : bool, default=False
        Whether it needs more rows of every class than there are columns.
    categories_as : callable, default=None
        For estimators that split by categories: returns the parameters that tell the estimator
        which columns hold category codes, given a boolean per column. None: the parameter
        ``categorical_features``.
    coded_labels : bool, default=False
        Whether a classifier is only sure to accept the labels 0 and 1: others are encoded
        around it.
    inherits : tuple of str, default=None
        For estimators whose ``fit`` accepts a fitted ``parent`` as a warm start: the parameters
        that parent and child must share, besides the same preparation. None: no warm start.
    rounds : str, default=None
        For boosting with ``warm_start``: the parameter that counts the rounds. A child may
        continue its parent's boosting with more rounds and a lower ``learning_rate``. None: no
        child does.
    size_limits : callable, default=None
        For model families: returns the component adapted to the size of a `Problem`.
    draw_share : float, default=1
        For options of genes: probability of keeping the option when a genome is drawn, as long
        as the gene has no finding in its favour; the gene's neutral option replaces it.
    mutation_share : float, default=1
        For options of genes: probability of keeping the option when a mutation chooses it;
        another option of the gene with a share of 1 replaces it.
    learns_target : bool, default=False
        For options of genes: whether it encodes columns by the target, out of fold, and so
        needs a few rows of every class.
    joins_columns : bool, default=False
        For options of genes: whether it transforms some columns apart and joins them with the
        others, which takes copies of the table.
    losses : dict of str to dict, default={}
        For estimators of numbers: by the name of a loss (``"poisson"``, ``"gamma"``,
        ``"absolute_error"``) the parameters that choose it.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from evolearn import Component, Float
    >>> Component("ridge", Ridge, {"alpha": Float(0.01, 100, log=True)})
    Component('ridge', Ridge, {'alpha': Float(0.01, 100, log=True)})
    """

    name: str
    estimator: Any
    parameters: Mapping[str, Domain] = field(default_factory=dict)
    conditions: Mapping[str, tuple[str, tuple[Any, ...]]] = field(default_factory=dict)
    slots: Mapping[str, tuple[str, ...]] | None = None
    handles: frozenset[str] = frozenset()
    new_missing: bool = False
    complexity: float = 1.0
    cost: Cost | None = None
    footprint: Footprint | None = None
    whole: bool = False
    user_defined: bool = True
    tasks: tuple[str, ...] | None = None
    class_rows: int = 1
    full_rank: bool = False
    categories_as: Callable[[Sequence[bool]], Mapping[str, Any]] | None = None
    coded_labels: bool = False
    inherits: tuple[str, ...] | None = None
    rounds: str | None = None
    size_limits: "Callable[[Component, Problem], Component] | None" = None
    draw_share: float = 1.0
    mutation_share: float = 1.0
    learns_target: bool = False
    joins_columns: bool = False
    losses: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        domains = {name: as_domain(domain) for name, domain in dict(self.parameters).items()}
        object.__setattr__(self, "parameters", domains)
        if isinstance(self.handles, str) or set(self.handles) - INPUTS:
            msg = (
                f"handles={shown(self.handles)} of component {self.name!r} must be a set of "
                f"{', '.join(sorted(INPUTS))}."
            )
            raise ValueError(msg)
        if self.estimator is None:
            object.__setattr__(self, "handles", INPUTS)
        # Asking an optional estimator for its parameters would import its library.
        if not isinstance(self.estimator, OptionalEstimator):
            self._check_parameters()
        for name, (other, _) in dict(self.conditions).items():
            for parameter in (name, other):
                if parameter not in domains:
                    msg = (
                        f"The conditions of component {self.name!r} name {parameter!r}, which "
                        "is not among its parameters."
                    )
                    raise ValueError(msg)
        if self.rounds is not None and self.rounds not in domains:
            msg = f"The rounds of component {self.name!r}, {self.rounds!r}, must be evolved."
            raise ValueError(msg)

    def _check_parameters(self) -> None:
        known = self.prototype().get_params() if self.estimator is not None else {}
        unknown = sorted(set(self.parameters) - set(known))
        if unknown:
            msg = (
                f"Component {self.name!r} has no parameter {unknown[0]!r}; "
                f"{type(self.prototype()).__name__} takes {', '.join(sorted(known))}."
            )
            raise ValueError(msg)

    def __repr__(self) -> str:
        estimator = self.estimator
        shown = estimator.__name__ if isinstance(estimator, type) else repr(estimator)
        parameters = f", {dict(self.parameters)!r}" if self.parameters else ""
        conditions = f", conditions={dict(self.conditions)!r}" if self.conditions else ""
        slots = f", slots={dict(self.slots)!r}" if self.slots is not None else ""
        return f"Component({self.name!r}, {shown}{parameters}{conditions}{slots})"

    def prototype(self) -> BaseEstimator:
        """Return a new unfitted estimator with its starting values."""
        is_factory = isinstance(self.estimator, type | OptionalEstimator)
        return self.estimator() if is_factory else clone(self.estimator)

    def build(self, allele: Allele) -> BaseEstimator:
        """Return a new unfitted estimator with the allele's values."""
        return self.prototype().set_params(**dict(allele.values))

    def default(self) -> Allele:
        """Return the allele of an unmutated genome."""
        return self.allele({})

    def allele(self, values: Mapping[str, Any]) -> Allele:
        """Return an allele with these values; missing ones start at their default."""
        unknown = sorted(set(values) - set(self.parameters))
        if unknown:
            msg = f"{self.name!r} evolves no parameter {unknown[0]!r}."
            raise ValueError(msg)
        full = {name: domain.default for name, domain in self.parameters.items()}
        return self._active({**full, **values})

    def sample(self, rng: Random) -> Allele:
        """Return an allele with every value drawn from its domain."""
        return self._active({name: d.sample(rng) for name, d in self.parameters.items()})

    def mutate(self, allele: Allele, rng: Random) -> Allele:
        """Return the allele with one of n values changed; each other one by a chance of 1/n."""
        if not self.parameters:
            return allele
        values = dict(allele.values)
        first = rng.choice(sorted(values))
        also = 1.0 / len(values)
        full = {name: domain.default for name, domain in self.parameters.items()} | values
        for name in sorted(values):
            if name == first or rng.random() < also:
                full[name] = self.parameters[name].mutate(values[name], rng)
        # A changed parameter may activate others by their conditions: these are drawn.
        for name in sorted(set(full) - set(values)):
            full[name] = self.parameters[name].sample(rng)
        return self._active(full)

    def mix(self, first: Allele, second: Allele, rng: Random) -> Allele:
        """Return an allele whose values mix those of two alleles of this component."""
        a, b = dict(first.values), dict(second.values)
        mixed = {}
        for name, domain in self.parameters.items():
            if name in a and name in b:
                mixed[name] = domain.mix(a[name], b[name], rng)
            else:
                mixed[name] = a.get(name, b.get(name, domain.default))
        return self._active(mixed)

    def accepts(self, allele: Allele) -> bool:
        """Whether the allele has all active parameters, with values in their domains."""
        values = dict(allele.values)
        if allele.component != self.name or not set(values) <= set(self.parameters):
            return False
        return self.allele(values) == allele and all(
            value in self.parameters[name] for name, value in values.items()
        )

    def with_domains(self, **domains: Domain) -> "Component":
        """Return the component with other domains of some parameters."""
        return replace(self, parameters={**self.parameters, **domains})

    def _active(self, values: Mapping[str, Any]) -> Allele:
        def active(name: str) -> bool:
            if name not in self.conditions:
                return True
            other, allowed = self.conditions[name]
            return values[other] in allowed and active(other)

        return Allele.of(self.name, {name: v for name, v in values.items() if active(name)})


def capped(component: Component, name: str, most: int) -> Component:
    """Return a component whose integer parameter `name` has at most this upper bound.

    The bound stays above the lowest value; what is no `Integer` stays as the user wants it.
    """
    domain = component.parameters.get(name)
    if not isinstance(domain, Integer) or most >= domain.high:
        return component
    high = max(most, int(domain.low) + 1)
    fewer = replace(domain, high=high, start=min(domain.default, high))
    return component.with_domains(**{name: fewer})
