"""A pipeline as one line of text."""

from collections.abc import Iterable, Mapping
from typing import Any

from evolearn.pipeline.gene import Gene
from evolearn.pipeline.genome import Allele
from evolearn.pipeline.registry import registered_genes


def describe_pipeline(
    params: Mapping[str, Any],
    genes: Iterable[Gene] | None = None,
    *,
    details: bool = True,
) -> str:
    """Describe a candidate's pipeline in one line, its steps in order.

    Parameters
    ----------
    params : mapping of str to object
        The parameters of the candidate, as in ``cv_results_["params"]``.
    genes : iterable of Gene, default=None
        The genes of the search space; by default those that are registered.
    details : bool, default=True
        Whether values of parameters are shown.

    Returns
    -------
    str
        Steps that change nothing are left out.

    Examples
    --------
    >>> from evolearn.pipeline.in_one_line import describe_pipeline
    >>> describe_pipeline({
    ...     "imputer": "simple_imputer", "simple_imputer__strategy": "median",
    ...     "encoder": "one_hot", "one_hot__max_categories": 20, "target": "log_target",
    ...     "estimator": "ridge", "ridge__alpha": 1.0,
    ... })
    'impute median -> one-hot(max_categories=20) -> ridge(alpha=1) of the log target'
    """
    before: list[str] = []
    behind: list[str] = []
    for gene in registered_genes() if genes is None else genes:
        if gene.name in params:
            words = gene.in_one_line(_allele(params, gene.name))
            (before if gene.prepares else behind).append(words)
    model = _allele(params, "estimator").described()
    steps = [*(words for words in before if words), model]
    if not details:
        steps = [step.partition("(")[0] for step in steps]
    return " ".join([" -> ".join(steps), *(words for words in behind if words)])


def _allele(params: Mapping[str, Any], gene: str) -> Allele:
    component = params[gene]
    prefix = f"{component}__"
    values = {k.removeprefix(prefix): v for k, v in params.items() if k.startswith(prefix)}
    return Allele(component, tuple(values.items()))
