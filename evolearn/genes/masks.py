"""The domain of column masks: sets of columns that are left out."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

#: The slot of masks, and what the catalogue fills it with.
MASK, MASKED, ALL_COLUMNS = "mask", "masked", "all_columns"

# A drawn mask leaves out at most so many: the less it does, the more of them are worth it.
MOST_DRAWN = 3


@dataclass(frozen=True)
class Columns:
    """Sets of columns by their position, in ascending order; at most half of all in one.

    Parameters
    ----------
    n_columns : int, default=0
        The columns there are.

    Examples
    --------
    >>> from evolearn.genes.masks import Columns
    >>> (0, 2) in Columns(n_columns=4)
    True
    >>> (0, 1, 2) in Columns(n_columns=4)
    False
    """

    n_columns: int = 0

    @property
    def default(self) -> tuple[int, ...]:
        """No column."""
        return ()

    @property
    def most(self) -> int:
        """How many a set may hold."""
        return self.n_columns // 2

    def sample(self, rng: Random) -> tuple[int, ...]:
        """Return a few columns."""
        n_wanted = rng.randint(min(1, self.most), min(self.most, MOST_DRAWN))
        return tuple(sorted(rng.sample(range(self.n_columns), n_wanted)))

    def clip(self, value: Any) -> Any:
        """Return the value as it is: a set has no nearest one."""
        return value

    def mutate(self, value: Sequence[int], rng: Random) -> tuple[int, ...]:
        """Return the set with one column more, one less, or another one in its place."""
        others = [j for j in range(self.n_columns) if j not in value]
        kept = list(value)
        grows = len(kept) < self.most and (not kept or rng.random() < 0.4)
        if kept and not grows:
            kept.pop(rng.randrange(len(kept)))
        if self.most and (grows or not kept or rng.random() < 0.5):
            kept.append(rng.choice(others))
        return tuple(sorted(kept))

    def mix(self, first: Sequence[int], second: Sequence[int], rng: Random) -> tuple[int, ...]:
        """Return a set of columns of both."""
        either = sorted({*first, *second})
        kept = [j for j in either if (j in first and j in second) or rng.random() < 0.5]
        return tuple(kept) if 0 < len(kept) <= self.most else tuple(first)

    def __contains__(self, value: Any) -> bool:
        return (
            isinstance(value, tuple)
            and all(isinstance(j, int) and 0 <= j < self.n_columns for j in value)
            and list(value) == sorted(set(value))
            and len(value) <= self.most
        )
