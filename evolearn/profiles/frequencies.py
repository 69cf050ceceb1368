"""Frequencies of categories in bounded memory."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self
from zlib import crc32

# Number of categories that are kept with their frequency, and of those that are kept as hashes:
# 100 cover the shares that can shift, 10,000 hashes take 40 kB.
MOST_LABELS, MOST_HASHES = 100, 10_000
# Longer labels are kept as their beginning and a hash.
LONGEST_LABEL = 80


def label_key(label: str) -> str:
    """Return a label as it is kept: a long one as its beginning and a hash."""
    if len(label) <= LONGEST_LABEL:
        return label
    return f"{label[: LONGEST_LABEL - 12]}...{_hash(label):08x}"


def _hash(label: str) -> int:
    return crc32(label.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True)
class Frequencies:
    """Numbers of rows by category.

    Attributes
    ----------
    labels : tuple of str
        The most frequent categories.
    counts : tuple of int
        Their numbers of rows.
    n_others : int
        Number of other categories.
    n_other_rows : int
        Number of their rows.
    n_single : int
        Number of categories with a single row.
    hashes : tuple of int
        Hashes of the other categories; none if there are too many.
    """

    labels: tuple[str, ...]
    counts: tuple[int, ...]
    n_others: int
    n_other_rows: int
    n_single: int
    hashes: tuple[int, ...]

    @classmethod
    def of(cls, counts: Mapping[str, int], known: Iterable[str] = ()) -> Self:
        """Return the frequencies of counted categories; `known` ones may not be among them."""
        ranked = sorted(counts, key=lambda label: (-counts[label], label))
        kept = ranked[:MOST_LABELS]
        others = {label_key(label) for label in known} - set(kept) | set(ranked[MOST_LABELS:])
        hashes = (
            sorted({_hash(label) for label in others}) if len(others) <= MOST_HASHES else []
        )
        return cls(
            labels=tuple(kept),
            counts=tuple(counts[label] for label in kept),
            n_others=len(others),
            n_other_rows=sum(counts[label] for label in ranked[MOST_LABELS:]),
            n_single=sum(count == 1 for count in counts.values()),
            hashes=tuple(hashes),
        )

    @property
    def n_rows(self) -> int:
        """Number of rows with a category."""
        return sum(self.counts) + self.n_other_rows

    @property
    def is_complete(self) -> bool:
        """Whether every category is known, by its label or its hash."""
        return self.n_others <= MOST_HASHES

    @cached_property
    def _label_set(self) -> frozenset[str]:
        return frozenset(self.labels)

    @cached_property
    def _hash_set(self) -> frozenset[int]:
        return frozenset(self.hashes)

    def __contains__(self, label: str) -> bool:
        return label in self._label_set or _hash(label) in self._hash_set
