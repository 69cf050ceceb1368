"""The registries of genes and model families.

`evolearn.genes` and `evolearn.models` register what evolearn brings; packages outside of it
register theirs in the same way. The order of the genes is the order in which a table passes
through their steps.
"""

from collections.abc import Iterable, Mapping

from evolearn.pipeline.component import Component
from evolearn.pipeline.gene import Gene, Trait
from evolearn.pipeline.model_family import ModelFamily
from evolearn.pipeline.resources import Cost

_GENES: list[Gene] = []
_FAMILIES: list[ModelFamily] = []
# Components by task, made when they are first asked for: thousands of genomes are compared
# with them.
_COMPONENTS: dict[str, tuple[Component, ...]] = {}


def register_gene(gene: Gene, *, before: str | None = None) -> None:
    """Make a gene part of all search spaces that are created from now on.

    Parameters
    ----------
    gene : Gene
    before : str, default=None
        The name of the gene whose step comes next in a pipeline; None: the new step is the
        last one before the estimator.

    Raises
    ------
    TypeError
        If it is no instance of ``Gene``.
    ValueError
        If a name is taken by another gene, option or model family, if the neutral option is
        none of the components, or if there is no gene called `before`.
    """
    if not isinstance(gene, Gene):
        raise TypeError(f"register_gene takes an instance of Gene, not {gene!r}.")
    names = gene_names()
    if gene.name in names:
        raise ValueError(f"There is a gene {gene.name!r} already; choose another name.")
    options = [component.name for component in gene.components]
    if gene.neutral is not None and gene.neutral not in options:
        msg = (
            f"The neutral option {gene.neutral!r} of gene {gene.name!r} is none of its "
            f"components, which are {', '.join(options)}."
        )
        raise ValueError(msg)
    _check_free(options, f"gene {gene.name!r}")
    if before is not None and before not in names:
        raise ValueError(f"There is no gene {before!r}; the genes are {', '.join(names)}.")
    _GENES.insert(len(names) if before is None else names.index(before), gene)
    _COMPONENTS.clear()


def unregister_gene(name: str) -> None:
    """Remove a gene from the registry; spaces that have it keep it."""
    _GENES[:] = [gene for gene in _GENES if gene.name != name]
    _COMPONENTS.clear()


def registered_genes() -> tuple[Gene, ...]:
    """Return all genes, in the order of their steps in a pipeline."""
    return tuple(_GENES)


def gene_names() -> list[str]:
    """Return the names of all genes, in the order of their steps in a pipeline."""
    return [gene.name for gene in _GENES]


def check_gene_names(names: Iterable[str], owner: str, genes: Iterable[Gene] = ()) -> None:
    """Raise a ValueError if one of the names is no gene."""
    known = dict.fromkeys([*gene_names(), *(gene.name for gene in genes)])
    for name in names:
        if name not in known:
            msg = f"{owner} names a slot {name!r}; the slots are {', '.join(known)}."
            raise ValueError(msg)


def _check_free(components: Iterable[str], owner: str) -> None:
    """Raise a ValueError if a component has one of these names: results could not tell them."""
    taken = {family.name: f"the model family {family.name!r}" for family in _FAMILIES}
    for gene in _GENES:
        taken |= {component.name: f"the gene {gene.name!r}" for component in gene.components}
    for name in components:
        if name in taken:
            msg = f"The name {name!r} in {owner} is taken by {taken[name]}; choose another."
            raise ValueError(msg)
        taken[name] = owner


def register_family(family: ModelFamily) -> None:
    """Make a model family part of the default search spaces that are created from now on.

    Raises
    ------
    ValueError
        If there is a family or an option of a gene of this name already.
    """
    if any(family.name == other.name for other in _FAMILIES):
        raise ValueError(f"There is a model family {family.name!r} already.")
    _check_free([family.name], "the new model family")
    _FAMILIES.append(family)
    _COMPONENTS.clear()


def unregister_family(name: str) -> None:
    """Remove a model family from the registry."""
    _FAMILIES[:] = [family for family in _FAMILIES if family.name != name]
    _COMPONENTS.clear()


def registered_families() -> tuple[ModelFamily, ...]:
    """Return all model families."""
    return tuple(_FAMILIES)


def reference_cost(task: str) -> Cost:
    """Return the cost of the reference family, by which the size of a table is judged."""
    return next(family.models[task].cost for family in _FAMILIES if family.is_reference)


def default_components(task: str) -> tuple[Component, ...]:
    """Return the estimators of a task, of families whose library is installed."""
    usable = [family for family in _FAMILIES if task in family.models and family.is_usable]
    # A library may have been installed since.
    if {family.name for family in usable} != {c.name for c in _COMPONENTS.get(task, ())}:
        _COMPONENTS[task] = tuple(_component(family, task) for family in usable)
    return _COMPONENTS.get(task, ())


def _component(family: ModelFamily, task: str) -> Component:
    model = family.models[task]
    return Component(
        family.name,
        model.estimator,
        model.parameters,
        slots=options_for(model.traits, task),
        cost=model.cost,
        user_defined=False,
        **family.details,
    )


def options_for(traits: Iterable[Trait], task: str | None) -> Mapping[str, tuple[str, ...]]:
    """Return the options of every gene for an estimator with these traits.

    Options that are made for other tasks than the given one are left out.
    """
    options = {}
    for gene in _GENES:
        tasks = {component.name: component.tasks or (task,) for component in gene.components}
        names = gene.options(frozenset(traits))
        options[gene.name] = tuple(n for n in names if task is None or task in tasks[n])
    return {gene: names for gene, names in options.items() if names}


def slots_of(component: Component) -> Mapping[str, tuple[str, ...]]:
    """Return the options of every gene for an estimator, also if it names none."""
    return options_for([Trait.UNKNOWN], None) if component.slots is None else component.slots


def widens_categories(component: Component) -> bool:
    """Whether the default options of an estimator make several columns of one category."""
    slots = slots_of(component)
    return any(gene.widens(slots[gene.name][0]) for gene in _GENES if slots.get(gene.name))
