"""The genome: the allele of every gene of a pipeline."""

import hashlib
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from sklearn import config_context
from sklearn.base import BaseEstimator

from evolearn.messages import shown

# Number of characters of a value in texts for people: some values are whole estimators.
LONGEST_VALUE = 40


def text_of(value: Any) -> str:
    """Return the complete text of a value, the same in every process.

    It holds no memory addresses and does not depend on the user's print options.
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


def _short(value: Any) -> str:
    text = f"{value:.3g}" if isinstance(value, float) else shown(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[: LONGEST_VALUE - 3]}..."


def derived_seed(root: int, text: str) -> int:
    """Return a seed that depends on another seed and a text alone."""
    digest = hashlib.blake2b(f"{root}|{text}".encode(), digest_size=4).digest()
    return int.from_bytes(digest, "big") >> 1  # scikit-learn takes seeds below 2**31


@dataclass(frozen=True)
class Allele:
    """The value of one gene: a component's name and the values of its active parameters."""

    component: str
    values: tuple[tuple[str, Any], ...] = ()

    @classmethod
    def of(cls, component: str, values: Mapping[str, Any]) -> "Allele":
        """Return the allele of a component with these values."""
        return cls(component, tuple(sorted(values.items())))

    def described(self, name: str = "") -> str:
        """Return a short text for people, by default with the component's own name."""
        values = ", ".join(f"{key}={_short(value)}" for key, value in self.values)
        return f"{name or self.component}({values})" if values else name or self.component

    def __str__(self) -> str:
        if not self.values:
            return self.component
        return f"{self.component}({', '.join(f'{k}={text_of(v)}' for k, v in self.values)})"


@dataclass(frozen=True, eq=False)
class Genome:
    """Alleles by gene, in the order of the pipeline; immutable, compared by content.

    Inactive genes and parameters are absent, so that two genomes that build the same pipeline
    are equal: the genome is the key of everything known about a candidate.

    A genome with a parent is trained with a warm start from the parent's fitted models. The
    parent may have a parent itself; this lineage decides the result, so it is part of the key.

    Examples
    --------
    >>> from evolearn.pipeline.genome import Allele, Genome
    >>> Genome((("estimator", Allele.of("ridge", {"alpha": 1.0})),)).params
    {'estimator': 'ridge', 'ridge__alpha': 1.0}
    """

    genes: tuple[tuple[str, Allele], ...]
    parent: "Genome | None" = None

    @cached_property
    def key(self) -> str:
        """The genome as text; its parent enters as a digest of the parent's key."""
        own = " | ".join(f"{gene}={allele}" for gene, allele in self.genes)
        if self.parent is None:
            return own
        digest = hashlib.blake2b(self.parent.key.encode(), digest_size=16).hexdigest()
        return f"{own} | parent={digest}"

    @cached_property
    def component_names(self) -> frozenset[tuple[str, str]]:
        """Pairs of gene and component."""
        return frozenset((gene, allele.component) for gene, allele in self.genes)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Genome) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return self.key

    def __getitem__(self, gene: str) -> Allele:
        return self._by_gene[gene]

    def __contains__(self, gene: str) -> bool:
        return gene in self._by_gene

    def __iter__(self) -> Iterator[str]:
        return iter(self._by_gene)

    @property
    def lineage(self) -> "tuple[Genome, ...]":
        """The chain of warm starts that ends with this genome, first ancestor first."""
        return (self,) if self.parent is None else (*self.parent.lineage, self)

    @property
    def estimator(self) -> str:
        """The name of the estimator's component."""
        return self["estimator"].component

    @property
    def params(self) -> dict[str, Any]:
        """The flat form: the component of each gene, then its values by component."""
        flat: dict[str, Any] = {}
        for gene, allele in self.genes:
            flat[gene] = allele.component
            flat.update((f"{allele.component}__{k}", value) for k, value in allele.values)
        return flat

    def replaced(self, name: str, allele: Allele, parent: "Genome | None" = None) -> "Genome":
        """Return the genome with another allele of one gene, and a parent if it is given."""
        genes = ((gene, allele if gene == name else self[gene]) for gene in self)
        return Genome(tuple(genes), parent)

    def seed(self, root: int) -> int:
        """Return the seed of this candidate's training.

        It depends on the search's seed and the genome alone, never on when or where the
        candidate is evaluated.
        """
        return derived_seed(root, self.key)

    @cached_property
    def _by_gene(self) -> dict[str, Allele]:
        return dict(self.genes)
