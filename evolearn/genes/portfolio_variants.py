"""Portfolio entries with the findings of screening."""

from collections.abc import Mapping

from evolearn.pipeline.gene import Complete
from evolearn.pipeline.genome import Genome


def with_variants(
    genomes: list[Genome],
    complete: Complete,
    options: Mapping[str, str],
    parameter: str,
    *,
    first: int,
    most: int,
) -> list[Genome]:
    """Return a portfolio with variants of the first genomes of some estimators.

    Variants have other options of some genes. The option of the first of these genes has a
    `parameter` that starts at the findings; without findings there are no variants. At most
    `most` are inserted, the first at the position `first`, the others at every second one.
    """
    gene, option = next(iter(options.items()))
    variants: dict[str, Genome] = {}
    for genome in genomes:
        if gene in genome and genome.estimator not in variants:
            variant = complete({**genome.params, **options})
            allele = variant[gene]
            if allele.component == option and dict(allele.values).get(parameter):
                variants[genome.estimator] = variant
    mixed = list(genomes)
    for i, variant in enumerate([*variants.values()][:most]):
        mixed.insert(first + 2 * i, variant)
    return mixed
