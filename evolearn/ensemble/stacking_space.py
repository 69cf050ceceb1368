"""The search space of a stacking layer, whose models also see the members' predictions."""

from collections.abc import Sequence

from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from evolearn.cost.restriction import restrict
from evolearn.pipeline.component import Component
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.portfolio_entries import stacking_genomes
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.search_space import SearchSpace
from evolearn.tasks import get_task

#: The name of the linear model of the predictions alone.
LINEAR = "linear_blend"


def stacking_space(
    space: SearchSpace, problem: Problem, predicted: Sequence[int]
) -> tuple[SearchSpace, list[Genome]]:
    """Return the space of a stacking layer, and its genomes in the order to try them.

    It has a linear model of the members' predictions and, where the user's space allows them,
    the families' stacking models of predictions and table.

    `space` is the user's, for any table. The predictions are among the numeric columns of the
    problem's table, at the positions `predicted`.
    """
    names = {genome.estimator for genome in stacking_genomes(space, problem.task)}
    families = [component for component in space.estimators if component.name in names]
    linear = Component(
        LINEAR,
        make_pipeline(
            make_column_transformer(("passthrough", list(predicted))),
            StandardScaler(),
            get_task(problem.task).stacking_model(),
        ),
        slots={},
        handles=frozenset({"missing", "categories"}),
        new_missing=True,
    )
    layer = SearchSpace([linear, *families], space.preparation, genes=space.genes)
    layer = restrict(layer, problem)
    first = [layer.genome({"estimator": LINEAR})] if LINEAR in layer.names else []
    return layer, [*first, *stacking_genomes(layer, problem.task)]
