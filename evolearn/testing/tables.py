"""Small tables on which the conformance tests try genes and model families."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from evolearn.data import prepare_table
from evolearn.pipeline.problem import Problem
from evolearn.tasks import get_task

N_ROWS = 80
WORDS = ["river", "mountain", "house", "garden", "winter", "summer", "bread"]


@dataclass(frozen=True)
class SmallTable:
    """The numeric matrix that pipelines get, dense or sparse, and a target."""

    matrix: Any
    target: NDArray[Any]
    problem: Problem


def small_tables(task: str, findings: Mapping[str, Any] | None = None) -> dict[str, SmallTable]:
    """Return tables of numbers, of mixed columns, with a text and of sparse counts, by name.

    The findings are for `Problem.findings` of dense tables.
    """
    return {
        name: _small_table(table, task, findings or {}) for name, table in _tables().items()
    }


def _tables() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    numbers = pd.DataFrame(rng.normal(size=(N_ROWS, 4)), columns=list("abcd"))
    mixed = numbers.mask(rng.random(numbers.shape) < 0.1)
    mixed["shop"] = rng.choice(list("uvwxyz"), N_ROWS)
    mixed["kind"] = rng.choice(np.array(["old", "new", None]), N_ROWS)
    for name, first in (("ordered", "2022-01-01"), ("delivered", "2022-02-01")):
        hours = pd.to_timedelta(rng.integers(0, 9_999, N_ROWS), unit="h")
        mixed[name] = pd.Timestamp(first) + hours
    text = numbers.assign(shop=mixed["shop"])
    text["note"] = [" ".join(words) for words in rng.choice(WORDS, (N_ROWS, 5))]
    counts = csr_matrix(rng.poisson(0.3, size=(N_ROWS, 12)).astype(float))
    return {"numbers": numbers, "mixed": mixed, "text": text, "sparse": counts}


def _small_table(table: Any, task: str, findings: Mapping[str, Any]) -> SmallTable:
    prepared = prepare_table(table)
    kind = get_task(task)
    # Positive numbers of two values for classifiers, of many for all others.
    first = np.asarray(prepared.matrix[:, [0, 1]].sum(axis=1)).ravel()
    values = 5.0 + np.nan_to_num(first) + np.arange(N_ROWS) / N_ROWS
    target = (values > np.median(values)).astype(int) if kind.stratified else values
    problem = Problem(
        task,
        prepared.schema,
        n_classes=2 if kind.stratified else 0,
        smallest_class=N_ROWS // 2 if kind.stratified else 0,
        zero_one=kind.stratified,
        positive_target=not kind.stratified,
        incomplete=tuple(range(len(prepared.schema.cardinalities))),
        findings={} if prepared.schema.sparse else findings,
    )
    return SmallTable(prepared.matrix, target, problem)
