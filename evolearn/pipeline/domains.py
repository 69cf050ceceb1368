"""Domains of hyperparameters: their values, and how these are drawn, mutated and mixed.

A domain is frozen data; its repr is the call that makes it. Numbers are varied in *unit space*:
the domain's interval is mapped to [0, 1], on a logarithmic scale if the domain has one.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Protocol, runtime_checkable

from evolearn.messages import shown
from evolearn.pipeline.genome import text_of

# Standard deviation of a mutation in unit space: one mutation in three moves a value by more
# than a sixth of the interval. The usual choice for Gaussian mutation of bounded genes is 0.1
# to 0.2 (Bäck, Evolutionary Algorithms in Theory and Practice, 1996, section 2.1).
MUTATION_SD = 0.17

# A mixed value may lie outside the interval between its parents, by at most this share of its
# length: BLX-alpha crossover (Eshelman and Schaffer, 1993), alpha between 0.25 and 0.5.
BLEND_ALPHA = 0.3


@runtime_checkable
class Domain(Protocol):
    """The protocol of domains.

    All methods draw from the generator that they are given, and from no other.
    """

    @property
    def default(self) -> Any:
        """The value in a genome that does not name another one."""

    def sample(self, rng: Random) -> Any:
        """Return a value drawn from the domain."""

    def mutate(self, value: Any, rng: Random) -> Any:
        """Return a value near the given one."""

    def mix(self, first: Any, second: Any, rng: Random) -> Any:
        """Return a value that is made of two parents' values."""

    def __contains__(self, value: Any) -> bool: ...


@dataclass(frozen=True, repr=False)
class _Interval:
    """Base of floats and integers: an interval, its scale, and variation in unit space."""

    low: float
    high: float
    log: bool = False
    start: float | None = None

    def __post_init__(self) -> None:
        name = type(self).__name__
        bounds = f"low={shown(self.low)} and high={shown(self.high)}"
        if not self.low < self.high:
            msg = f"{name} needs low < high, got {bounds}."
            raise ValueError(msg)
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            msg = f"{name} needs finite bounds, got {bounds}."
            raise ValueError(msg)
        if self.log and self.low <= 0:
            msg = f"{name} with log=True needs low > 0, got low={shown(self.low)}."
            raise ValueError(msg)
        if self.start is not None and not self.low <= self.start <= self.high:
            msg = f"{name} needs low <= start <= high, got start={shown(self.start)}."
            raise ValueError(msg)

    def __repr__(self) -> str:
        log = ", log=True" if self.log else ""
        start = f", start={shown(self.start)}" if self.start is not None else ""
        return f"{type(self).__name__}({shown(self.low)}, {shown(self.high)}{log}{start})"

    @property
    def default(self) -> Any:
        """The start value, or the middle of the interval on the domain's scale."""
        return self._value(0.5) if self.start is None else self.start

    def sample(self, rng: Random) -> Any:
        """Return a value drawn uniformly, on the domain's scale."""
        return self._value(rng.random())

    def mutate(self, value: Any, rng: Random) -> Any:
        """Return a value near the given one."""
        return self._value(self._unit(value) + rng.gauss(0.0, MUTATION_SD))

    def mix(self, first: Any, second: Any, rng: Random) -> Any:
        """Return a value between the two, or a little outside of their interval."""
        a, b = sorted((self._unit(first), self._unit(second)))
        margin = BLEND_ALPHA * (b - a)
        return self._value(rng.uniform(a - margin, b + margin))

    def _unit(self, value: float) -> float:
        if self.log:
            return math.log(value / self.low) / math.log(self.high / self.low)
        return (value - self.low) / (self.high - self.low)

    def _value(self, unit: float) -> Any:
        unit = min(max(unit, 0.0), 1.0)
        if self.log:
            value = self.low * (self.high / self.low) ** unit
        else:
            value = self.low + unit * (self.high - self.low)
        return min(max(value, self.low), self.high)


@dataclass(frozen=True, repr=False)
class Float(_Interval):
    """A real number between two bounds, both included.

    Parameters
    ----------
    low, high : float
        The bounds.
    log : bool, default=False
        Whether values are drawn and varied on a logarithmic scale.
    start : float, default=None
        The default value; None: the middle of the interval.

    Examples
    --------
    >>> from random import Random
    >>> from evolearn import Float
    >>> alpha = Float(0.001, 10.0, log=True)
    >>> alpha
    Float(0.001, 10.0, log=True)
    >>> 0.001 <= alpha.sample(Random(0)) <= 10.0
    True
    >>> 20.0 in alpha
    False
    """

    def __contains__(self, value: Any) -> bool:
        return _is_number(value) and self.low <= value <= self.high


@dataclass(frozen=True, repr=False)
class Integer(_Interval):
    """A whole number between two bounds, both included.

    Parameters
    ----------
    low, high : int
        The bounds.
    log : bool, default=False
        Whether values are drawn and varied on a logarithmic scale.
    start : int, default=None
        The default value; None: the middle of the interval.

    Examples
    --------
    >>> from random import Random
    >>> from evolearn import Integer
    >>> neighbours = Integer(1, 50, log=True)
    >>> neighbours.sample(Random(0)) in neighbours
    True
    >>> 2.5 in neighbours
    False
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("low", "high", "start"):
            value = getattr(self, name)
            if value is not None and value != int(value):
                msg = f"Integer needs whole numbers, got {name}={shown(value)}."
                raise ValueError(msg)

    def __contains__(self, value: Any) -> bool:
        return _is_number(value) and value == int(value) and self.low <= value <= self.high

    def mutate(self, value: Any, rng: Random) -> int:
        """Return another value near the given one."""
        moved = self._value(self._unit(value) + rng.gauss(0.0, MUTATION_SD))
        if moved == value:  # rounded back, as most draws on a short interval: take one step
            step = 1 if rng.random() < 0.5 else -1
            moved = value + (step if value + step in self else -step)
        return int(moved)

    def _value(self, unit: float) -> int:
        return round(super()._value(unit))


@dataclass(frozen=True, repr=False, init=False)
class Choice:
    """One of several options that have no order.

    Parameters
    ----------
    *options : object
        The options; the first one is the default.

    Examples
    --------
    >>> from evolearn import Choice
    >>> Choice("gini", "entropy")
    Choice('gini', 'entropy')
    >>> "entropy" in Choice("gini", "entropy")
    True
    """

    options: tuple[Any, ...]

    def __init__(self, *options: Any) -> None:
        if not options:
            msg = "Choice needs at least one option, got none."
            raise ValueError(msg)
        # Two genomes are equal if the texts of their values are.
        texts = [text_of(option) for option in options]
        twice = next((text for i, text in enumerate(texts) if text in texts[:i]), None)
        if twice is not None:
            msg = (
                f"Choice needs options that print differently, got {twice} twice; name the "
                "functions, and give objects a __repr__ of their own."
            )
            raise ValueError(msg)
        object.__setattr__(self, "options", options)

    def __repr__(self) -> str:
        return f"Choice({', '.join(map(repr, self.options))})"

    def __contains__(self, value: Any) -> bool:
        return self._index(value) is not None

    @property
    def default(self) -> Any:
        """The first option."""
        return self.options[0]

    def sample(self, rng: Random) -> Any:
        """Return one of the options."""
        return rng.choice(self.options)

    def mutate(self, value: Any, rng: Random) -> Any:
        """Return another option, if there is one."""
        index = self._index(value)
        others = [option for i, option in enumerate(self.options) if i != index]
        return rng.choice(others) if others else value

    def mix(self, first: Any, second: Any, rng: Random) -> Any:
        """Return one of the two."""
        return first if rng.random() < 0.5 else second

    def _index(self, value: Any) -> int | None:
        # Options are compared by type and text. For arrays, NaN and estimators, == does not
        # say whether they are the same; and True would be equal to 1.
        for i, option in enumerate(self.options):
            if option is value or (
                type(option) is type(value) and text_of(option) == text_of(value)
            ):
                return i
        return None


def clipped(value: Any, domain: Domain) -> Any:
    """Return the value of an interval nearest to a number; other values unchanged."""
    if isinstance(domain, _Interval) and _is_number(value):
        return min(max(value, domain.low), domain.high)
    return value


def as_domain(value: Any) -> Domain:
    """Return `value` if it is a domain, or a `Choice` of the options of a list or tuple."""
    if isinstance(value, Domain):
        return value
    if isinstance(value, Sequence) and not isinstance(value, str):
        return Choice(*value)
    msg = (
        "The domain of a parameter must be Float, Integer, Choice or a list of options, "
        f"got {shown(value)}."
    )
    raise TypeError(msg)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    try:
        return math.isfinite(value)
    except TypeError:
        return False
