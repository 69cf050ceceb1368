"""From a genome to a plain, unfitted scikit-learn estimator (the phenotype)."""

from sklearn.base import BaseEstimator
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    VotingClassifier,
)
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import TargetEncoder

from evolearn._compat import seeded_target_encoder
from evolearn.pipeline.component import Component
from evolearn.pipeline.genome import Genome, derived_seed
from evolearn.pipeline.plan import PipelinePlan
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.search_space import SearchSpace
from evolearn.tasks import get_task
from evolearn.transformers import KnownCategories, KnownColumns, NewMissingImputer

HISTOGRAM_BOOSTING = (HistGradientBoostingClassifier, HistGradientBoostingRegressor)


def build_pipeline(
    genome: Genome, space: SearchSpace, problem: Problem, seed: int, rounds: int | None = None
) -> BaseEstimator:
    """Return the unfitted pipeline that a genome of a space describes.

    It is fitted on the numeric matrix; a pipeline of the user takes the original table. The
    seeds of random steps are derived from the search's seed. With `rounds`, boosting has this
    number of rounds in place of early stopping.
    """
    component = space[genome.estimator]
    estimator = component.build(genome["estimator"])
    # A pipeline of the user may end in boosting that stops early once more.
    if rounds is not None and hasattr(estimator, "early_stopping"):
        estimator.set_params(early_stopping=False, max_iter=rounds)
    if component.whole:
        return _seeded(estimator, problem.task, genome.seed(seed))
    plan = _plan(genome, space, problem)
    for gene in space.genes:
        if gene.name in genome:
            step = _step(genome, space, gene.name)
            estimator = gene.configure(plan, genome[gene.name], step, estimator)
    if component.coded_labels and problem.n_classes and not problem.zero_one:
        # scikit-learn's vote of one classifier encodes and decodes labels.
        estimator = VotingClassifier([(genome.estimator, estimator)], voting="soft")
    steps = plan.steps()
    # Preparation steps get a seed of their own: genomes that share them share their results.
    own_seed = preparation_seed(genome, space, seed)
    for _, step in steps:
        _seeded(step, problem.task, own_seed)
    _seeded(estimator, problem.task, genome.seed(seed))
    return Pipeline([*steps, ("estimator", estimator)])


def _plan(genome: Genome, space: SearchSpace, problem: Problem) -> PipelinePlan:
    scales = any(gene.scales and gene.name in genome for gene in space.genes)
    plan = PipelinePlan(space[genome.estimator], problem, scales)
    if columns := problem.incomplete_columns:
        plan.matrix_steps.append(("known_categories", KnownCategories(columns=columns)))
    if plan.needs_complete_columns:
        numbers = range(problem.table.n_numeric)
        plan.matrix_steps.append(("new_missing", NewMissingImputer(columns=[*numbers])))
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
    """Return the seed of preparation steps, the same whatever estimator follows."""
    return derived_seed(root, preparation(genome, space))


def preparation_key(genome: Genome, space: SearchSpace) -> str:
    """Return a key that genomes share if their steps before the estimator are the same.

    Seeds included; the genomes are of one space, and their pipelines for one problem.
    """
    component = space[genome.estimator]
    missing = ("missing" in component.handles, component.new_missing)
    return f"{preparation(genome, space)} | {missing} | {_is_histogram_boosting(component)}"


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


def _seeded(estimator: BaseEstimator, task: str, seed: int) -> BaseEstimator:
    """Set every unset random state, in the estimator and all its parts."""
    parameters = estimator.get_params(deep=True)
    unset = {
        name: seed
        for name, value in sorted(parameters.items())
        if name.rsplit("__", 1)[-1] == "random_state" and value is None
    }
    for name, value in parameters.items():
        if isinstance(value, TargetEncoder):
            unset.pop(f"{name}__random_state", None)
            stratified = get_task(task).stratified
            settings = seeded_target_encoder(value, seed, classification=stratified)
            unset |= {f"{name}__{key}": setting for key, setting in settings.items()}
    return estimator.set_params(**unset)
