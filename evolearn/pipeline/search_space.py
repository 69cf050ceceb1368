"""The search space: every pipeline that can be built, as frozen data."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import escape
from random import Random
from textwrap import wrap
from typing import Any

from evolearn.messages import shown
from evolearn.optional import import_optional
from evolearn.pipeline.component import Component
from evolearn.pipeline.domains import as_domain
from evolearn.pipeline.gene import Gene
from evolearn.pipeline.genome import Allele, Genome
from evolearn.pipeline.optional_library import OptionalEstimator
from evolearn.pipeline.registry import (
    check_gene_names,
    default_components,
    registered_genes,
    slots_of,
)


@dataclass(frozen=True, repr=False)
class SearchSpace:
    """The estimators to choose from and the components that may prepare data for them.

    Spaces are immutable: `only`, `without`, `extended` and `constrained` return new ones.

    Parameters
    ----------
    estimators : tuple of Component
        The models. Each names the options of the genes that may prepare data for it.
    preparation : dict of str to tuple of Component, default=None
        The components of each gene, such as ``"imputer"``, ``"encoder"`` or ``"scaler"``. None:
        those of all registered genes.
    left_out : dict of str to str, default={}
        Components that were left out for a table, with the reasons.
    genes : tuple of Gene, default=None
        The genes, in the order of their steps in a pipeline. None: all registered ones.

    Examples
    --------
    >>> from evolearn import Float, SearchSpace
    >>> space = SearchSpace.default("regression").only("ridge", "extra_trees")
    >>> space.names
    ('ridge', 'extra_trees')
    >>> space.constrained("ridge", alpha=Float(0.1, 1.0))["ridge"].parameters["alpha"]
    Float(0.1, 1.0)
    """

    estimators: tuple[Component, ...]
    preparation: Mapping[str, tuple[Component, ...]]
    left_out: Mapping[str, str]
    genes: tuple[Gene, ...]

    def __init__(
        self,
        estimators: Iterable[Component],
        preparation: Mapping[str, Iterable[Component]] | None = None,
        left_out: Mapping[str, str] | None = None,
        genes: Iterable[Gene] | None = None,
    ) -> None:
        genes = registered_genes() if genes is None else tuple(genes)
        if preparation is None:
            preparation = {gene.name: gene.components for gene in genes}
        check_gene_names(preparation, "preparation", genes)
        slots = {gene.name: tuple(preparation.get(gene.name, ())) for gene in genes}
        object.__setattr__(self, "estimators", tuple(estimators))
        object.__setattr__(self, "preparation", slots)
        object.__setattr__(self, "left_out", dict(left_out or {}))
        object.__setattr__(self, "genes", genes)
        for component in (*self.estimators, *(c for cs in slots.values() for c in cs)):
            if not isinstance(component, Component):
                msg = (
                    f"A SearchSpace is made of Components, got {shown(component)}; pass names "
                    "of the default catalogue in a list as search_space, or use "
                    "SearchSpace.default."
                )
                raise TypeError(msg)
            check_gene_names(component.slots or (), f"Component {component.name!r}", genes)
        names = [c.name for c in self.estimators]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            msg = f"Estimators of a SearchSpace need different names, got {twice[0]!r} twice."
            raise ValueError(msg)

    @classmethod
    def default(cls, task: str) -> "SearchSpace":
        """Return the default space of a task, ``"classification"`` or ``"regression"``.

        LightGBM, XGBoost and CatBoost are part of it where they are installed.
        """
        components = default_components(task)
        if not components:
            msg = f"The task must be 'classification' or 'regression', got {shown(task)}."
            raise ValueError(msg)
        return cls(components)

    def __repr__(self) -> str:
        lines = ["SearchSpace(", "  estimators=["]
        lines += [f"    {component!r}," for component in self.estimators]
        lines.append("  ],")
        if any(self.preparation.values()):
            lines.append("  preparation={")
            for slot, components in self.preparation.items():
                if components:
                    lines.append(f"    {slot!r}: [")
                    lines += [f"      {component!r}," for component in components]
                    lines.append("    ],")
            lines.append("  },")
        if self.left_out:
            lines.append("  left_out={")
            lines += [f"    {name!r}: {reason!r}," for name, reason in self.left_out.items()]
            lines.append("  },")
        return "\n".join([*lines, ")"])

    def __str__(self) -> str:
        """Return the names of the components, those left out with their reasons first."""
        reasons: dict[str, list[str]] = {}
        for name, reason in self.left_out.items():
            reasons.setdefault(reason, []).append(name)
        lines = [f"SearchSpace of {len(self.estimators)} estimators"]
        lines += ["left out:"] if reasons else []
        lines += _wrapped((", ".join(names), reason) for reason, names in reasons.items())
        lines += ["estimators:", *_wrapped([("", ", ".join(self.names))])]
        genes = [(gene, ", ".join(names)) for gene, names in self._used_options() if names]
        lines += ["genes:", *_wrapped(genes)] if genes else []
        return "\n".join(lines)

    def _used_options(self) -> Iterator[tuple[str, list[str]]]:
        """Yield each gene with the options that an estimator uses."""
        slots = [self.slots_of(name) for name in self.names]
        for gene, components in self.preparation.items():
            used = {option for one in slots for option in one.get(gene, ())}
            yield gene, [c.name for c in components if c.name in used]

    def _repr_html_(self) -> str:
        return f"<pre>{escape(str(self))}</pre>"

    def frame(self) -> Any:
        """Return a pandas frame with a row for each component, also for those left out.

        Returns
        -------
        pandas.DataFrame
            Columns ``gene`` (``"estimator"`` for models, "" where it is not known),
            ``component``, ``parameters`` and ``left_out``, the reason or "".

        Raises
        ------
        ImportError
            If pandas is not installed.
        """
        parts = {"estimator": self.estimators, **self.preparation}
        rows = [
            (gene, component.name, ", ".join(component.parameters), "")
            for gene, components in parts.items()
            for component in components
        ]
        rows += [("", name, "", reason) for name, reason in self.left_out.items()]
        pandas = import_optional("pandas", "SearchSpace.frame")
        return pandas.DataFrame(rows, columns=["gene", "component", "parameters", "left_out"])

    def __getitem__(self, name: str) -> Component:
        """Return the estimator component of this name."""
        return self.component("estimator", name)

    def __contains__(self, genome: object) -> bool:
        if not isinstance(genome, Genome) or genome.estimator not in self.names:
            return False
        slots = {**self.slots_of(genome.estimator), "estimator": (genome.estimator,)}
        return set(genome) == set(slots) and all(
            allele.component in slots[slot]
            and self.component(slot, allele.component).accepts(allele)
            for slot, allele in genome.genes
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the estimators."""
        return tuple(component.name for component in self.estimators)

    def component(self, slot: str, name: str) -> Component:
        """Return an option of a gene, or an estimator; KeyError if there is none."""
        components = self.estimators if slot == "estimator" else self.preparation[slot]
        for component in components:
            if component.name == name:
                return component
        raise KeyError(name)

    def slots_of(self, estimator: str) -> dict[str, tuple[str, ...]]:
        """Return the genes of an estimator's pipelines with their options in this space."""
        there = {slot: {c.name for c in cs} for slot, cs in self.preparation.items()}
        wanted = slots_of(self[estimator])
        options = {
            slot: tuple(name for name in wanted.get(slot, ()) if name in there[slot])
            for slot in self.preparation
        }
        return {slot: names for slot, names in options.items() if names}

    # -- genomes -----------------------------------------------------------------------------

    def genome(self, params: Mapping[str, Any]) -> Genome:
        """Return the genome of a flat description as in ``best_params_``.

        Missing entries get default values; entries that do not apply to this space (a scaler
        where none is needed) are ignored.
        """
        name = params["estimator"]
        genes: list[tuple[str, Allele]] = []
        for slot, options in self.slots_of(name).items():
            chosen = params[slot] if params.get(slot) in options else options[0]
            genes.append((slot, self._described(slot, chosen, params)))
        genes.append(("estimator", self._described("estimator", name, params)))
        return Genome(tuple(genes))

    def sample(self, rng: Random, estimator: str | None = None) -> Genome:
        """Return a random genome, of one estimator if its name is given."""
        name = rng.choice(self.names) if estimator is None else estimator
        genes = [
            (slot, self.component(slot, rng.choice(options)).sample(rng))
            for slot, options in self.slots_of(name).items()
        ]
        return Genome((*genes, ("estimator", self[name].sample(rng))))

    def complexity(self, genome: Genome) -> float:
        """Return the sum of the complexities of all components of a genome."""
        return float(
            sum(self.component(slot, genome[slot].component).complexity for slot in genome)
        )

    def _described(self, slot: str, name: str, params: Mapping[str, Any]) -> Allele:
        component = self.component(slot, name)
        prefix = f"{name}__"
        values = {k.removeprefix(prefix): v for k, v in params.items() if k.startswith(prefix)}
        return component.allele({k: v for k, v in values.items() if k in component.parameters})

    # -- other spaces ------------------------------------------------------------------------

    def only(self, *names: str) -> "SearchSpace":
        """Return the space with only these estimators."""
        self._check_names(names)
        return self.with_estimators([c for c in self.estimators if c.name in names])

    def without(self, *names: str) -> "SearchSpace":
        """Return the space without these components, estimators or others."""
        self._check_names(names)
        slots = {
            slot: [c for c in components if c.name not in names]
            for slot, components in self.preparation.items()
        }
        kept = [c for c in self.estimators if c.name not in names]
        return SearchSpace(kept, slots, self.left_out, self.genes)

    def extended(self, *components: Component) -> "SearchSpace":
        """Return the space with more estimators."""
        return self.with_estimators([*self.estimators, *components])

    def with_estimators(self, estimators: Iterable[Component]) -> "SearchSpace":
        """Return the space with other estimators."""
        return SearchSpace(estimators, self.preparation, self.left_out, self.genes)

    def constrained(self, name: str, **domains: Any) -> "SearchSpace":
        """Return the space with other domains for parameters of the component `name`."""
        self._check_names([name])
        new = {k: as_domain(v) for k, v in domains.items()}

        def changed(component: Component) -> Component:
            return component.with_domains(**new) if component.name == name else component

        slots = {slot: map(changed, cs) for slot, cs in self.preparation.items()}
        return SearchSpace(map(changed, self.estimators), slots, self.left_out, self.genes)

    def _check_names(self, names: Iterable[str]) -> None:
        known = {*self.names, *(c.name for cs in self.preparation.values() for c in cs)}
        unknown = [name for name in names if name not in known]
        if unknown:
            msg = (
                f"The search space has no component {unknown[0]!r}; "
                f"it has {', '.join(sorted(known))}."
            )
            raise ValueError(msg)


def _wrapped(entries: Iterable[tuple[str, str]]) -> list[str]:
    """Return lines of at most 100 characters: a name, and a text about it."""
    lines = []
    for name, text in entries:
        line = f"{name}: {text}" if name else text
        lines += wrap(line, 100, initial_indent="  ", subsequent_indent="    ")
    return lines


def built_in_components(space: SearchSpace, task: str) -> frozenset[tuple[str, str]]:
    """Return evolearn's own components of a space, as pairs of gene and component.

    Users may narrow or widen their domains, but not add parameters to them.
    """
    catalogue = {gene.name: gene.components for gene in space.genes}
    catalogue["estimator"] = default_components(task)
    return frozenset(
        (gene, component.name)
        for gene, components in {**space.preparation, "estimator": space.estimators}.items()
        for component in components
        if _is_own(component, catalogue[gene])
    )


def _is_own(component: Component, catalogue: Iterable[Component]) -> bool:
    own = next((c for c in catalogue if c.name == component.name), None)
    return (
        own is not None
        and not component.whole
        and set(component.parameters) <= set(own.parameters)
        and _class_of(component) == _class_of(own)
    )


def _class_of(component: Component) -> Any:
    made = component.estimator
    return made if isinstance(made, type | OptionalEstimator) else type(made)
