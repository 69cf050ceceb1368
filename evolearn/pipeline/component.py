"""A component: one thing that can fill a slot of a pipeline, with the domains of its values."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sklearn.base import BaseEstimator, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from evolearn.pipeline.domains import Domain, as_domain
from evolearn.pipeline.genome import Gene
from evolearn.pipeline.optional_library import Imported

# Estimators that hand sample weights on to those they are made of.
STACKS = StackingClassifier | StackingRegressor
VOTES = VotingClassifier | VotingRegressor

#: What may prepare the data for an estimator of which nothing is known.
PLAIN_SLOTS: Mapping[str, tuple[str, ...]] = {
    "imputer": ("simple_imputer",),
    "dates": ("cyclic_dates", "date_differences", "plain_dates"),
    "text": ("text_svd", "no_text"),
    "encoder": ("one_hot", "target_mean"),
    "identifiers": ("identifier_means", "numbers_alone"),
    "scaler": ("none", "standard"),
}

#: The slots of a pipeline, in the order in which a table passes through them; `target` wraps
#: the estimator.
SLOTS = (
    "relations",
    "imputer",
    "features",
    "dates",
    "mask",
    "text",
    "encoder",
    "identifiers",
    "scaler",
    "transformer",
    "selector",
    "target",
)


def check_slots(slots: Iterable[str], owner: str) -> None:
    """Raise a ValueError if one of the names is no slot."""
    unknown = [slot for slot in slots if slot not in SLOTS]
    if unknown:
        msg = f"{owner} names a slot {unknown[0]!r}; the slots are {', '.join(SLOTS)}."
        raise ValueError(msg)


@dataclass(frozen=True)
class Cost:
    """The expected seconds of one fit, a power law in the size of the table.

    ``seconds`` is the time for 1,000 rows, 10 columns and one output (a number or two
    classes) on one core; the exponents say how it grows. Where costs that do not depend on
    the rows hide how it grows in the end, ``linear`` are the seconds for 1,000 rows and 10
    columns that each has at least. ``units`` says with which power it grows with a parameter,
    from the value at which it was measured. Measured by ``benchmarks/cost_model.py``.

    Examples
    --------
    >>> from evolearn.pipeline.component import Cost
    >>> Cost(0.01, rows=2).seconds_for(n_rows=10_000, n_columns=10, n_outputs=1)
    1.0
    """

    seconds: float
    rows: float = 1.0
    columns: float = 1.0
    outputs: float = 0.0
    linear: float = 0.0
    units: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def effort(self, gene: Gene) -> float:
        """Return how many times as long a fit with the gene's values is expected to take."""
        values = dict(gene.values)
        effort = 1.0
        for name, (measured_at, power) in self.units.items():
            value = values.get(name)
            size = sum(value) if isinstance(value, tuple | list) else value
            # What a user has made of it ("sqrt", None) says nothing.
            if isinstance(size, int | float) and 0 < size < float("inf"):
                effort *= (size / measured_at) ** power
        return effort

    def seconds_for(self, n_rows: int, n_columns: int, n_outputs: int) -> float:
        """Return the expected seconds of one fit on a table of this size."""
        rows, columns = n_rows / 1000, max(n_columns, 1) / 10
        law = self.seconds * rows**self.rows * columns**self.columns
        return float(max(law, self.linear * rows * columns) * n_outputs**self.outputs)


FREE = Cost(0.0)


@dataclass(frozen=True)
class Footprint:
    """The memory that a fit takes at its peak, besides the rows it is given.

    Attributes
    ----------
    copies : float
        How many times those rows are held, prepared or not.
    refit_copies : float or None
        The same for a final model, if that is fewer: none is held out for early stopping.
    of_row, of_output : float
        Bytes per row, and per row and output.
    of_each : dict of str to float
        Bytes per row and unit of a parameter: of a tree, of a kernel feature.
    of_column : dict of str to float
        Bytes per column and unit of a parameter: of a leaf that is being split.
    of_pair : float
        Bytes per pair of rows, of kernel matrices.
    """

    copies: float
    refit_copies: float | None = None
    of_row: float = 0.0
    of_output: float = 0.0
    of_each: Mapping[str, float] = field(default_factory=dict)
    of_column: Mapping[str, float] = field(default_factory=dict)
    of_pair: float = 0.0


@dataclass(frozen=True)
class Component:
    """An estimator or transformer with the domains of its hyperparameters.

    Parameters
    ----------
    name : str
        The name in genomes, results and ``best_params_``.
    estimator : estimator or class
        What is built: it is cloned (a class, or an `Imported` one, is called without
        arguments), then given the values of the genome. None passes the data through.
    parameters : dict of str to domain, default={}
        The hyperparameters to evolve. A list of options stands for a `Choice`; nested names
        (``"base__alpha"``) work as in ``set_params``.
    conditions : dict of str to (str, tuple), default={}
        A parameter named here is active only while another one has one of the given values:
        ``{"gamma": ("kernel", ("rbf", "poly"))}``.
    slots : dict of str to tuple of str, default=None
        For estimators: the components that may prepare the data, by slot; a slot that is not
        named stays empty. The first name is the one of an unmutated genome. None: what an
        estimator of unknown needs gets, `PLAIN_SLOTS`.
    handles : frozenset of str, default=frozenset()
        What it takes as it is: ``"missing"`` values, ``"categories"``, ``"sparse"`` data.
    complexity : float, default=1
        Its weight in the second objective of the search, in units of a linear model.
    cost : Cost, default=None
        The expected seconds of a fit, by which components too slow for a table are left out.
        None: not known, and so never left out.
    footprint : Footprint, default=None
        The memory of a fit, by which components are left out of large tables. None: not known,
        and so never left out.
    whole : bool, default=False
        For a pipeline of the user: fitted on the table as it came, with no preparation.
    class_rows : int, default=1
        The rows of every class without which a classifier fails in the training part of a fold.
    full_rank : bool, default=False
        Whether it needs more rows of every class than there are columns.
    native : callable, default=None
        For the encoder ``"native"``: returns the parameters that tell the estimator which
        columns hold codes of categories, given a boolean per column. None: the parameter
        ``categorical_features``.
    coded_labels : bool, default=False
        Whether a classifier is sure to take, and to answer with, the labels 0 and 1 alone:
        others are encoded around it.
    inherits : tuple of str, default=None
        For estimators whose ``fit`` takes a fitted ``parent`` to start from: the parameters
        that parent and child must have in common, besides the same preparation. None: nothing
        is inherited.
    rounds : str, default=None
        For boosting with ``warm_start``: the parameter that counts its rounds. A child may go
        on from its parent's rounds with more of them, at a lower ``learning_rate`` perhaps,
        and differs in nothing else. None: none does.

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
    complexity: float = 1.0
    cost: Cost | None = None
    footprint: Footprint | None = None
    whole: bool = False
    class_rows: int = 1
    full_rank: bool = False
    native: Callable[[Sequence[bool]], Mapping[str, Any]] | None = None
    coded_labels: bool = False
    inherits: tuple[str, ...] | None = None
    rounds: str | None = None

    def __post_init__(self) -> None:
        domains = {name: as_domain(domain) for name, domain in dict(self.parameters).items()}
        object.__setattr__(self, "parameters", domains)
        if not isinstance(self.estimator, Imported):  # which would be imported to be asked
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
        check_slots(self.slots or (), f"Component {self.name!r}")

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
        made = isinstance(self.estimator, type | Imported)
        return self.estimator() if made else clone(self.estimator)

    def build(self, gene: Gene) -> BaseEstimator:
        """Return a new unfitted estimator with the gene's values."""
        return self.prototype().set_params(**dict(gene.values))

    def default(self) -> Gene:
        """Return the gene of an unmutated genome."""
        return self.gene({})

    def gene(self, values: Mapping[str, Any]) -> Gene:
        """Return a gene with these values; missing ones start at their default."""
        unknown = sorted(set(values) - set(self.parameters))
        if unknown:
            msg = f"{self.name!r} evolves no parameter {unknown[0]!r}."
            raise ValueError(msg)
        full = {name: domain.default for name, domain in self.parameters.items()}
        return self._active({**full, **values})

    def sample(self, rng: Random) -> Gene:
        """Return a gene with every value drawn from its domain."""
        return self._active({name: d.sample(rng) for name, d in self.parameters.items()})

    def mutate(self, gene: Gene, rng: Random) -> Gene:
        """Return the gene with one value changed, and now and then a few more."""
        if not self.parameters:
            return gene
        values = dict(gene.values)
        first = rng.choice(sorted(values))
        also = 1.0 / len(values)
        full = {name: domain.default for name, domain in self.parameters.items()} | values
        for name in sorted(values):
            if name == first or rng.random() < also:
                full[name] = self.parameters[name].mutate(values[name], rng)
        # A change of a condition's parameter may wake others: they start at a drawn value.
        for name in sorted(set(full) - set(values)):
            full[name] = self.parameters[name].sample(rng)
        return self._active(full)

    def mix(self, first: Gene, second: Gene, rng: Random) -> Gene:
        """Return a gene whose values mix those of two genes of this component."""
        a, b = dict(first.values), dict(second.values)
        mixed = {}
        for name, domain in self.parameters.items():
            if name in a and name in b:
                mixed[name] = domain.mix(a[name], b[name], rng)
            else:
                mixed[name] = a.get(name, b.get(name, domain.default))
        return self._active(mixed)

    def accepts(self, gene: Gene) -> bool:
        """Tell whether the gene's active values lie in their domains, none too few or many."""
        values = dict(gene.values)
        if gene.component != self.name or not set(values) <= set(self.parameters):
            return False
        return self.gene(values) == gene and all(
            value in self.parameters[name] for name, value in values.items()
        )

    @property
    def weight_parameter(self) -> str | None:
        """The fit parameter that takes sample weights, None if it takes none."""
        return weight_parameter(self.prototype())

    def _active(self, values: Mapping[str, Any]) -> Gene:
        def active(name: str) -> bool:
            if name not in self.conditions:
                return True
            other, allowed = self.conditions[name]
            return values[other] in allowed and active(other)

        return Gene.of(self.name, {name: v for name, v in values.items() if active(name)})


def weight_parameter(estimator: BaseEstimator) -> str | None:
    """Return the name of the fit parameter of `estimator` that takes sample weights."""
    if isinstance(estimator, Pipeline):
        name, last = estimator.steps[-1]
        inner = weight_parameter(last)
        return f"{name}__{inner}" if inner else None
    if isinstance(estimator, TransformedTargetRegressor):
        # Its fit names no weights: it hands whatever it is given to its regressor.
        inner_model = estimator.regressor
        return weight_parameter(LinearRegression() if inner_model is None else inner_model)
    if isinstance(estimator, GridSearchCV | RandomizedSearchCV):
        return weight_parameter(estimator.estimator)
    if isinstance(estimator, VOTES | STACKS):
        # Nor do these, which hand them to all of their members under this one name.
        members = [member for _, member in estimator.estimators if member != "drop"]
        if isinstance(estimator, STACKS) and estimator.final_estimator is not None:
            members.append(estimator.final_estimator)
        takers = {weight_parameter(member) for member in members}
        return "sample_weight" if takers == {"sample_weight"} else None
    return "sample_weight" if has_fit_parameter(estimator, "sample_weight") else None
