"""From a genome to a plain, unfitted scikit-learn estimator (the phenotype)."""

from sklearn.base import BaseEstimator
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    VotingClassifier,
)
from sklearn.pipeline import Pipeline

from evolearn.pipeline.component import Component
from evolearn.pipeline.genome import Genome, derived_seed
from evolearn.pipeline.plan import PipelinePlan
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.search_space import SearchSpace
from evolearn.pipeline.seeding import seeded
from evolearn.transformers import KnownColumns

HISTOGRAM_BOOSTING = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


def build_pipeline(
    genome: Genome, space: SearchSpace, problem: Problem, seed: int, rounds: int | None = None
) -> BaseEstimator:
    """Return the unfitted pipeline that a genome describes.

    Parameters
    ----------
    genome : Genome
    space : SearchSpace
        The space the genome belongs to.
    problem : Problem
        The numeric matrix the pipeline will be fitted on, and the task.
    seed : int
        The search's seed, from which the seeds of random steps are derived.
    rounds : int, default=None
        Number of boosting rounds, in place of early stopping.

    Returns
    -------
    Pipeline
        Or the user's own pipeline, which takes the original table.
    """
    component = space[genome.estimator]
    estimator = component.build(genome["estimator"])
    # A pipeline of the user may end in boosting that stops early once more.
    if rounds is not None and hasattr(estimator, "early_stopping"):
        estimator.set_params(early_stopping=False, max_iter=rounds)
    if component.whole:
        return seeded(estimator, problem.task, genome.seed(seed))
    plan = _plan(genome, space, problem)
    for gene in space.genes:
        if gene.name in genome:
            step = _step(genome, space, gene.name)
            estimator = gene.configure(plan, genome[gene.name], step, estimator)
    if component.coded_labels and problem.n_classes and not problem.zero_one:
        estimator = _with_encoded_labels(estimator, genome.estimator)
    steps = plan.steps()
    # Preparation steps get a seed of their own: genomes that share them share their results.
    own_seed = preparation_seed(genome, space, seed)
    for _, step in steps:
        seeded(step, problem.task, own_seed)
    seeded(estimator, problem.task, genome.seed(seed))
    return Pipeline([*steps, ("estimator", estimator)])


def _plan(genome: Genome, space: SearchSpace, problem: Problem) -> PipelinePlan:
    scales = any(gene.scales and gene.name in genome for gene in space.genes)
    plan = PipelinePlan(space[genome.estimator], problem, scales)
    if problem.table.has_missing and _is_histogram_boosting(plan.estimator):
        plan.number_steps.append(("known", KnownColumns()))
    for gene in space.genes:
        if gene.scales:
            plan.scale_fine_numbers()
        if gene.name in genome:
            gene.add_steps(plan, genome[gene.name], _step(genome, space, gene.name))
    return plan


def _step(genome: Genome, space: SearchSpace, gene: str) -> BaseEstimator | None:
    """Return the unfitted step of a gene, None for an option that changes nothing."""
    component = space.component(gene, genome[gene].component)
    return None if component.estimator is None else component.build(genome[gene])


def preparation(genome: Genome, space: SearchSpace) -> str:
    """Return the alleles that prepare the input columns, as text."""
    preparing = {gene.name for gene in space.genes if gene.prepares}
    return " | ".join(f"{name}={genome[name]}" for name in genome if name in preparing)


def preparation_seed(genome: Genome, space: SearchSpace, root: int) -> int:
    """Return the seed of a candidate's preparation steps.

    Candidates with the same preparation share it, whatever estimator follows.
    """
    return derived_seed(root, preparation(genome, space))


def preparation_key(genome: Genome, space: SearchSpace) -> str:
    """Return a key that genomes share if their steps before the estimator are the same.

    Seeds included; the genomes are of one space, and their pipelines for one problem.
    """
    component = space[genome.estimator]
    takes_missing = "missing" in component.handles
    return (
        f"{preparation(genome, space)} | {takes_missing} | {_is_histogram_boosting(component)}"
    )


def early_rounds(pipeline: BaseEstimator) -> int | None:
    """Return the number of rounds after which boosting stopped early, else None."""
    if not isinstance(pipeline, Pipeline):
        return None
    model = pipeline.steps[-1][1]
    model = getattr(model, "regressor_", model)  # of a transformed target
    is_boosting = isinstance(model, HISTOGRAM_BOOSTING)
    return int(model.n_iter_) if is_boosting and model.early_stopping is True else None


def _is_histogram_boosting(component: Component) -> bool:
    return isinstance(component.prototype(), HISTOGRAM_BOOSTING)


def _with_encoded_labels(estimator: BaseEstimator, name: str) -> BaseEstimator:
    """Return scikit-learn's vote of one classifier, which encodes and decodes labels."""
    return VotingClassifier([(name, estimator)], voting="soft")
