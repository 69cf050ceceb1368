"""The search space of a stacking layer, whose models also see the members' predictions."""

from collections.abc import Sequence

import numpy as np
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from evolearn.cost.restriction import restrict
from evolearn.pipeline.component import Component
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.search_space import SearchSpace
from evolearn.pipeline.portfolio_entries import stacking_genomes

#: The model of predictions alone.
LINEAR = "linear_blend"
# The members' predictions are much alike: a linear model of them needs to be held back.
C = 0.02
ALPHAS = np.logspace(-2, 5, 15)


def second_layer(
    space: SearchSpace, problem: Problem, predicted: Sequence[int]
) -> tuple[SearchSpace, list[Genome]]:
    """Return the space of a second layer, and the genomes to be tried in it, in their order.

    A linear model of what the members predict; where the estimators are in the user's space,
    also small boosted trees and extra trees of that and the table.

    Parameters
    ----------
    space : SearchSpace
        The user's, for any table.
    problem : Problem
        Its table has the predictions among its columns of numbers.
    predicted : sequence of int
        The positions of these.
    """
    names = {genome.estimator for genome in stacking_genomes(space, problem.task)}
    trees = [component for component in space.estimators if component.name in names]
    linear = _linear(problem.task, predicted)
    made = restrict(SearchSpace([linear, *trees], space.preparation), problem)
    first = [made.genome({"estimator": LINEAR})] if LINEAR in made.names else []
    return made, [*first, *stacking_genomes(made, problem.task)]


def _linear(task: str, predicted: Sequence[int]) -> Component:
    model = LogisticRegression(C=C, max_iter=500) if task == "classification" else None
    return Component(
        LINEAR,
        make_pipeline(
            make_column_transformer(("passthrough", list(predicted))),
            StandardScaler(),
            RidgeCV(ALPHAS) if model is None else model,
        ),
        slots={},
        handles=frozenset({"missing", "categories"}),
    )
