"""Simple models that are kept beside the ensemble: linear models and single trees."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import (
    ElasticNet,
    LinearRegression,
    LogisticRegression,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
    SGDRegressor,
)
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from evolearn.ensemble.final_models import FinalModels, Member, Order
from evolearn.ensemble.library import Entry
from evolearn.ensemble.planner import FinalModelsPlanner
from evolearn.evaluation.tasks import RefitTask
from evolearn.fit.estimate import reserved_for_estimate
from evolearn.fit.setup import Plan
from evolearn.fit.trainer import Trainer
from evolearn.insights.importances import reserved_for_importances
from evolearn.pipeline.genome import Genome
from evolearn.search.record import Record

LINEAR = (
    ElasticNet,
    LinearDiscriminantAnalysis,
    LinearRegression,
    LogisticRegression,
    Ridge,
    RidgeClassifier,
    SGDClassifier,
    SGDRegressor,
)
TREES = (DecisionTreeClassifier, DecisionTreeRegressor)
# The most leaves of a tree, and the most made columns, that people can read: a tree of 32
# leaves fits on a page, and is the default of the search space.
MOST_LEAVES, MOST_MADE_COLUMNS = 32, 5
# Share of a time budget that is kept for these models, and its largest number of seconds: on
# tables of ten thousand rows a fit takes some hundredths of a second.
RESERVED_SHARE, MOST_RESERVED = 0.005, 0.5


def reserved_for_simple_models(budget_seconds: float) -> float:
    """Return the seconds of a time budget to reserve for the simple models."""
    return min(RESERVED_SHARE * budget_seconds, MOST_RESERVED)


def is_interpretable(genome: Genome, plan: Plan) -> bool:
    """Whether people can read the model: linear, or a small tree, of columns they know.

    These are columns of the table, imputed, scaled, encoded or selected, and a few made ones.
    """
    space, schema = plan.space, plan.problem.table
    if schema.texts or not _is_simple(genome, plan):  # words are hashed into columns
        return False
    estimator = space[genome.estimator].build(genome["estimator"])
    leaves = getattr(estimator, "max_leaf_nodes", None)
    if isinstance(estimator, TREES) and (leaves is None or leaves > MOST_LEAVES):
        return False
    n_made = 0
    for gene in space.genes:
        if gene.name not in genome:
            continue
        allele = genome[gene.name]
        component = space.component(gene.name, allele.component)
        n_made += len(gene.made_columns(allele, schema))
        combines = gene.joint and component.estimator is not None
        if combines and not hasattr(component.prototype(), "get_support"):
            return False  # a selector leaves the columns as they are
    return n_made <= MOST_MADE_COLUMNS


def _is_simple(genome: Genome, plan: Plan) -> bool:
    """Whether a genome's model is a linear one or a single tree."""
    component = plan.space[genome.estimator]
    return not component.whole and isinstance(component.prototype(), LINEAR + TREES)


def simple_candidates(records: Iterable[Record], plan: Plan) -> list[Record]:
    """Return the best interpretable candidate, and the simplest linear model or tree.

    They may be the same one, or may not exist.
    """
    scored = [
        record
        for record in records
        if record.evaluation.error is not None and _is_simple(record.candidate.genome, plan)
    ]
    readable = [one for one in scored if is_interpretable(one.candidate.genome, plan)]
    found = []
    if readable:
        found.append(min(readable, key=_error))
    if scored:
        complexity = plan.space.complexity
        found.append(
            min(scored, key=lambda one: (complexity(one.candidate.genome), _error(one)))
        )
    return list({one.candidate.number: one for one in found}.values())


def _error(record: Record) -> tuple[float, int]:
    error = record.evaluation.error
    return float("inf") if error is None else error, record.candidate.number


def add_simple_models(
    final: FinalModels,
    records: Sequence[Record],
    trainer: Trainer,
    planner: FinalModelsPlanner | None = None,
) -> FinalModels:
    """Return the final models with simple ones beside them, as far as there is time.

    The planner knows the costs of their fits; without it, as in a replay, they are fitted
    however long it takes.
    """
    known = {member.entry.number for member in (final.best, *final.members) if not member.fold}
    entries = [
        Entry(record.candidate, record.evaluation)
        for record in simple_candidates(records, trainer.plan)
        if record.candidate.number not in known
    ]
    seconds = [0.0 if planner is None else planner.cost(entry).seconds for entry in entries]
    orders = [
        Order(RefitTask(entry.genome, entry.evaluation.rounds), least)
        for entry, least in zip(entries, seconds, strict=True)
    ]
    budget_seconds = trainer.budget.seconds or 0.0
    spare = reserved_for_importances(budget_seconds) + reserved_for_estimate(budget_seconds)
    simple = [Member(0.0, entries[i], model) for i, model in trainer(orders, spare)]
    simple.sort(key=lambda member: member.entry.number)
    return replace(final, simple=simple)
