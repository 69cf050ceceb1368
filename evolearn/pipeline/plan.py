"""A pipeline under construction: its steps, and the columns that come out of them.

The numeric matrix holds numbers, then counts of words, then codes of categories. A pipeline
treats each group apart and joins the results::

    matrix -> matrix steps -+-> number steps ----+-> joint steps -> estimator
                            +-> category step ---+
                            +-> a step per text -+
                            +-> further branches +
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from evolearn.pipeline.component import Component
from evolearn.pipeline.problem import Problem
from evolearn.transformers import CodeImputer

Step = tuple[str, Any]


@dataclass(frozen=True)
class Branch:
    """A step on some columns of the matrix, and the number of columns it makes."""

    name: str
    step: BaseEstimator | str
    positions: list[int]
    n_columns: int


@dataclass
class PipelinePlan:
    """Steps of a pipeline under construction; genes add theirs in the order of the registry.

    Attributes
    ----------
    estimator : Component
    problem : Problem
    scales : bool
        Whether the numeric columns are scaled, so that columns made of others must be, too.
    matrix_steps, number_steps, joint_steps : list of (str, transformer)
        Steps on the whole matrix, on its numbers, and on all columns behind.
    category_step : transformer, "default" or "passthrough"
        Encodes the codes of categories. By default they pass through; missing ones get a code
        where the estimator does not accept them (`CodeImputer`).
    texts : list of Branch
    branches : list of Branch
        Further steps on columns of the matrix.
    n_numbers : int
        Numeric columns that come out of the number steps.
    n_made_numbers, n_made_categories : int
        Columns that the matrix steps add behind the words, and behind the table's categories.
    left_out : set of int
        Categories that are left out, by their position among all of them.
    codes_first : bool
        Whether the codes come first, where the estimator knows them by position; steps that
        combine or select columns leave them alone then.
    """

    estimator: Component
    problem: Problem
    scales: bool = False
    matrix_steps: list[Step] = field(default_factory=list)
    number_steps: list[Step] = field(default_factory=list)
    joint_steps: list[Step] = field(default_factory=list)
    category_step: Any = "default"
    texts: list[Branch] = field(default_factory=list)
    branches: list[Branch] = field(default_factory=list)
    n_numbers: int = 0
    n_made_numbers: int = 0
    n_made_categories: int = 0
    left_out: set[int] = field(default_factory=set)
    codes_first: bool = False

    def __post_init__(self) -> None:
        start = self.problem.table.n_numeric
        self.n_numbers = start
        for block in self.problem.table.texts:
            positions = [*range(start, start + block.width)]
            name = f"text {block.name}"
            self.texts.append(Branch(name, "passthrough", positions, block.width))
            start += block.width

    def add_joint_step(self, name: str, step: BaseEstimator) -> None:
        """Add a step on all columns, or on the numbers alone where codes come first."""
        (self.number_steps if self.codes_first else self.joint_steps).append((name, step))

    def scaled(self, step: BaseEstimator, name: str) -> BaseEstimator:
        """Return a step that makes columns, followed by a scaler where numbers are scaled."""
        if not self.scales:
            return step
        return Pipeline([(name, step), ("scaler", StandardScaler())])

    def scale_fine_numbers(self) -> None:
        """Scale numbers that vary too little for single precision, unless that was done."""
        wanted = self.problem.fine_numbers and not self.estimator.user_defined
        if wanted and "unit" not in dict(self.number_steps):
            self.number_steps.append(("unit", StandardScaler()))

    @property
    def needs_complete_columns(self) -> bool:
        """Whether missing numbers would mislead it where the training rows miss none."""
        table, estimator = self.problem.table, self.estimator
        takes_missing = "missing" in estimator.handles and not estimator.new_missing
        return takes_missing and table.n_numeric > 0 and not table.sparse

    @property
    def codes(self) -> list[int]:
        """Positions of the categories that are kept, among the table's and those made."""
        n_categories = len(self.problem.table.cardinalities) + self.n_made_categories
        return [j for j in range(n_categories) if j not in self.left_out]

    def category_mask(self, are_categories: list[bool]) -> np.ndarray:
        """Return a mask of the estimator's columns, given that of `codes`."""
        n_behind = sum(branch.n_columns for branch in (*self.texts, *self.branches))
        return np.array([False] * self.n_numbers + are_categories + [False] * n_behind)

    def steps(self) -> list[Step]:
        """Return the steps of the pipeline before its estimator."""
        self.scale_fine_numbers()
        return [*self.matrix_steps, *self._column_steps(), *self.joint_steps]

    def _column_steps(self) -> list[Step]:
        table = self.problem.table
        extra = [*self.texts, *self.branches]
        if not table.cardinalities and not extra:
            return self.number_steps
        categories = self._category_step() if table.cardinalities else "passthrough"
        if categories == "passthrough" and not self.number_steps and not extra:
            return []
        # Columns that matrix steps make stand between the words of texts and the codes.
        first_code = table.first_code + self.n_made_numbers
        numbers = [*range(table.n_numeric), *range(table.first_code, first_code)]
        codes = [first_code + j for j in self.codes]
        parts = [
            Branch("numbers", _joined(self.number_steps), numbers, self.n_numbers),
            Branch("categories", categories, codes, len(codes)),
        ]
        if self.codes_first:
            parts.reverse()
        if not self.n_numbers:  # all of them are left out
            parts = [part for part in parts if part.name != "numbers"]
        # Last, for the number of columns that these make may depend on the rows.
        parts += extra
        transformers = [
            (part.name, part.step, _as_slice(part.positions))
            for part in parts
            if part.positions
        ]
        return [("columns", ColumnTransformer(transformers, sparse_threshold=0.0))]

    def _category_step(self) -> Any:
        if self.category_step != "default":
            return self.category_step
        if self.estimator.new_missing:
            return "passthrough"
        return CodeImputer(keep_learned="missing" in self.estimator.handles)


def _as_slice(positions: list[int]) -> slice | list[int]:
    """Return adjacent positions as a slice, which copies less."""
    first, last = positions[0], positions[-1]
    return slice(first, last + 1) if last - first + 1 == len(positions) else positions


def _joined(steps: list[Step]) -> BaseEstimator | str:
    if not steps:
        return "passthrough"
    return steps[0][1] if len(steps) == 1 else Pipeline(steps)
