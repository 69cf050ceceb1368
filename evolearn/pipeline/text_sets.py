"""What the domains have in common whose values are sets of short texts."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any


class TextSet(ABC):
    """Sets of texts that say what is made of columns, as tuples without repetition."""

    #: How many a set may hold.
    most: int

    @property
    @abstractmethod
    def known(self) -> tuple[str, ...]:
        """Texts that are known to tell something of the target, the best first."""

    @property
    @abstractmethod
    def n_sources(self) -> int:
        """How many columns there are that something can be made of."""

    @abstractmethod
    def draw(self, rng: Random) -> str:
        """Return one text."""

    @abstractmethod
    def allows(self, text: Any) -> bool:
        """Tell whether a text may be in a set."""

    @property
    def default(self) -> tuple[str, ...]:
        """The best that are known."""
        return self.known[: self.most]

    def sample(self, rng: Random) -> tuple[str, ...]:
        """Return a few texts."""
        n_wanted = rng.randint(1, max(1, self.most // 2)) if self.n_sources else 0
        return self.of(self.draw(rng) for _ in range(n_wanted))

    def clip(self, value: Any) -> Any:
        """Return the value as it is: a set has no nearest one."""
        return value

    def mix(self, first: Sequence[str], second: Sequence[str], rng: Random) -> tuple[str, ...]:
        """Return a set of texts of both."""
        either = list(dict.fromkeys([*first, *second]))
        kept = [
            text for text in either if rng.random() < 0.5 or (text in first and text in second)
        ]
        return self.of(kept or first)

    def of(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return the texts that may be in a set, each once, as many as it may hold."""
        fitting = [text for text in dict.fromkeys(texts) if self.allows(text)]
        return tuple(fitting[: self.most])

    def __contains__(self, value: Any) -> bool:
        return (
            isinstance(value, tuple)
            and len(value) <= self.most
            and len(set(value)) == len(value)
            and all(self.allows(text) for text in value)
        )
