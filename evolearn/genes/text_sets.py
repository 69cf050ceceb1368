"""Sets of short texts, such as formulas: base of their domains."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from random import Random
from typing import Any


class TextSet(ABC):
    """Domain of sets of texts that describe new columns, as tuples without repetition."""

    #: Largest size of a set.
    most: int
    #: Texts that screening found to explain the target, best first.
    known: tuple[str, ...]

    @property
    @abstractmethod
    def n_sources(self) -> int:
        """Number of columns that new columns can be made of."""

    @abstractmethod
    def draw_new(self, rng: Random) -> str:
        """Return a text that screening need not have found."""

    @abstractmethod
    def fits(self, text: str) -> bool:
        """Whether a text may be in a set; a ValueError means no."""

    @property
    def default(self) -> tuple[str, ...]:
        """The best known texts."""
        return self.known[: self.most]

    def sample(self, rng: Random) -> tuple[str, ...]:
        """Return a few texts."""
        n_wanted = rng.randint(1, max(1, self.most // 2)) if self.n_sources else 0
        return self.of(self.draw(rng) for _ in range(n_wanted))

    def mix(self, first: Sequence[str], second: Sequence[str], rng: Random) -> tuple[str, ...]:
        """Return a set with texts of both."""
        either = list(dict.fromkeys([*first, *second]))
        kept = [
            text for text in either if rng.random() < 0.5 or (text in first and text in second)
        ]
        return self.of(kept or first)

    def draw(self, rng: Random) -> str:
        """Return a known text, or any."""
        if self.known and rng.random() < 0.7:
            return rng.choice(self.known)
        return self.draw_new(rng)

    def allows(self, text: Any) -> bool:
        """Whether a value may be in a set."""
        try:
            return isinstance(text, str) and self.fits(text)
        except ValueError:
            return False

    def of(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Return a set of the allowed texts, cut to the largest size."""
        fitting = [text for text in dict.fromkeys(texts) if self.allows(text)]
        return tuple(fitting[: self.most])

    def __contains__(self, value: Any) -> bool:
        return (
            isinstance(value, tuple)
            and len(value) <= self.most
            and len(set(value)) == len(value)
            and all(self.allows(text) for text in value)
        )
