"""The genome: which component fills each slot of a pipeline, with which values."""

import hashlib
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.base import BaseEstimator

#: The slots that are no preparation of the data.
LEARNING = ("estimator", "target")


def text_of(value: Any) -> str:
    """Return a value as text that is the same in every process, and complete.

    No addresses in memory, and nothing that depends on how the user lets things be printed.
    """
    if value is None or isinstance(value, str | int | float):
        return repr(value)
    with (
        np.printoptions(threshold=sys.maxsize, floatmode="unique"),
        config_context(print_changed_only=True),
    ):
        if isinstance(value, BaseEstimator) and not isinstance(value, type):
            text = value.__repr__(N_CHAR_MAX=sys.maxsize)
        else:
            text = repr(value)
    return re.sub(r" at 0x[0-9a-fA-F]+", "", text)


def _seed(root: int, text: str) -> int:
    digest = hashlib.blake2b(f"{root}|{text}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1  # scikit-learn takes seeds below 2**31


@dataclass(frozen=True)
class Gene:
    """A component's name and the values of its active parameters."""

    component: str
    values: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, component: str, values: Mapping[str, Any]) -> "Gene":
        """Return the gene of a component with these values."""
        return cls(component, tuple(sorted(values.items())))

    def __str__(self) -> str:
        if not self.values:
            return self.component
        return f"{self.component}({', '.join(f'{k}={text_of(v)}' for k, v in self.values)})"


@dataclass(frozen=True, eq=False)
class Genome:
    """Genes by slot, in the order of the pipeline; immutable, compared by content.

    Only active slots and parameters are there, so that two genomes that build the same
    pipeline are equal: the genome is the key of everything known about a candidate.

    A genome with a parent starts from what the parent's models have learned, and its parent may
    have done so itself: what becomes of it depends on that line, which is a part of what it is.

    Examples
    --------
    >>> from evolearn.pipeline.genome import Gene, Genome
    >>> Genome((("estimator", Gene.of("ridge", {"alpha": 1.0})),)).params
    {'estimator': 'ridge', 'ridge__alpha': 1.0}
    """

    genes: tuple[tuple[str, Gene], ...]
    parent: "Genome | None" = None

    @classmethod
    def of(cls, genes: Iterable[tuple[str, Gene]]) -> "Genome":
        """Return the genome with these genes."""
        return cls(tuple(genes))

    @cached_property
    def key(self) -> str:
        """The genome as text. Values count by their text: some cannot be hashed.

        Its parent counts by a digest of its own text, which counts its parent in turn.
        """
        own = " | ".join(f"{slot}={gene}" for slot, gene in self.genes)
        if self.parent is None:
            return own
        digest = hashlib.blake2b(self.parent.key.encode(), digest_size=16).hexdigest()
        return f"{own} | parent={digest}"

    @cached_property
    def preparation(self) -> str:
        """The genes that prepare the data, as text."""
        return " | ".join(f"{slot}={g}" for slot, g in self.genes if slot not in LEARNING)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Genome) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return self.key

    def __getitem__(self, slot: str) -> Gene:
        return self._by_slot[slot]

    def __contains__(self, slot: str) -> bool:
        return slot in self._by_slot

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_slot)

    @property
    def line(self) -> "tuple[Genome, ...]":
        """The genomes whose training this one's goes on from, the first one first, and it."""
        return (self,) if self.parent is None else (*self.parent.line, self)

    @property
    def estimator(self) -> str:
        """The name of the estimator's component."""
        return self["estimator"].component

    @property
    def params(self) -> dict[str, Any]:
        """The flat form: the component of each slot, then its values by component."""
        flat: dict[str, Any] = {}
        for slot, gene in self.genes:
            flat[slot] = gene.component
            flat.update((f"{gene.component}__{name}", value) for name, value in gene.values)
        return flat

    def seed(self, root: int) -> int:
        """Return the seed of everything random in this candidate's training.

        It depends on the search's seed and the genome alone, never on when or where the
        candidate is evaluated.
        """
        return _seed(root, self.key)

    def preparation_seed(self, root: int) -> int:
        """Return the seed of everything random in how this candidate's data are prepared.

        The same for all that prepare them alike, whatever is fitted on them.
        """
        return _seed(root, self.preparation)

    @cached_property
    def _by_slot(self) -> dict[str, Gene]:
        return dict(self.genes)
