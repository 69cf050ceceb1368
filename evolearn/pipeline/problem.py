"""Properties of a table and its target that decide which pipelines can be built."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from evolearn.data.schema import TableSchema
from evolearn.tasks import get_task

# A category counts with at most this many columns: the default limit of one-hot encoding.
COLUMNS_PER_CATEGORY = 16
# A text counts with the columns that an unmutated genome makes of it, a date with two pairs of
# sine and cosine for each of its four cycles.
COLUMNS_PER_TEXT, COLUMNS_PER_DATE = 32, 16


@dataclass(frozen=True)
class Problem:
    """The facts about a table and a target by which search spaces are restricted.

    Attributes
    ----------
    task : str
        The kind of task, ``"classification"`` or ``"regression"``.
    table : TableSchema
        The numeric matrix all candidates are evaluated on.
    n_classes : int
        Number of classes; 0 in regression.
    smallest_class : int
        Twice the rows of the rarest class that every fold trains on; 0 in regression.
    zero_one : bool
        Whether the classes are the integers 0 and 1.
    positive_target : bool
        Whether all target values are above -1, so that their ``log1p`` exists.
    counts : bool
        Whether the target has only whole numbers from 0 on, and more than two of them.
    metric_loss : str
        The loss that the metric measures, as `Component.losses` names it; "" for the squared
        error and others.
    fine_numbers, fine_target : bool
        Whether a numeric column, or the target, varies too little for single precision. It is
        scaled first, except for estimators of the user.
    weighted : bool
        Whether samples have weights.
    fit_limit : float
        Longest expected time of one fit, in seconds.
    training_rows : int or None
        Training rows of the largest fold; None: about as many as the table has.
    fewest_training_rows : int or None
        Training rows of the smallest fold; None: as many as of the largest.
    counted_rows : int or None
        Number of rows that final models learn from, see `evolearn.evaluation.folds`;
        None: all.
    row_bytes : float
        Bytes of a row of the numeric matrix.
    memory : float
        Most bytes that one fit may hold, its training rows included.
    responses : tuple of str
        The prediction methods of which the scorer needs one; () if it does not say.
    incomplete : tuple of int
        Columns of codes, by their position among all of these, of which some fold's training
        rows lack a category.
    findings : dict of str to object, or None
        What genes discovered about the table, by the gene's name; None before the screening.
    """

    task: str
    table: TableSchema
    n_classes: int = 0
    smallest_class: int = 0
    zero_one: bool = False
    positive_target: bool = False
    counts: bool = False
    metric_loss: str = ""
    fine_numbers: bool = False
    fine_target: bool = False
    weighted: bool = False
    fit_limit: float = float("inf")
    training_rows: int | None = None
    fewest_training_rows: int | None = None
    counted_rows: int | None = None
    row_bytes: float = 0.0
    memory: float = float("inf")
    responses: tuple[str, ...] = ()
    incomplete: tuple[int, ...] = ()
    findings: Mapping[str, Any] | None = field(default_factory=dict)

    def finding(self, gene: str) -> Any:
        """Return the finding of a gene, None if it found nothing."""
        return (self.findings or {}).get(gene)

    @property
    def incomplete_columns(self) -> tuple[int, ...]:
        """Positions in the matrix of the columns of codes that are `incomplete`."""
        return tuple(self.table.first_code + j for j in self.incomplete)

    @property
    def n_fit_rows(self) -> int:
        """Training rows of one fit in cross-validation."""
        return self.table.n_rows if self.training_rows is None else self.training_rows

    @property
    def n_least_rows(self) -> int:
        """Training rows of the smallest fold."""
        few = self.fewest_training_rows
        return self.n_fit_rows if few is None else few

    @property
    def n_final_rows(self) -> int:
        """Training rows of a final model, if there is memory."""
        return self.table.n_rows if self.counted_rows is None else self.counted_rows

    @property
    def n_outputs(self) -> int:
        """Number of functions to learn: one per class beyond two classes, else one."""
        return self.n_classes if self.n_classes > 2 else 1

    @property
    def n_columns(self) -> int:
        """Number of columns if a category is one column."""
        return self._n_numbers + len(self.table.cardinalities)

    @property
    def n_encoded_columns(self) -> int:
        """Number of columns if categories are one-hot encoded."""
        widths = (min(c, COLUMNS_PER_CATEGORY) for c in self.table.cardinalities)
        return self._n_numbers + sum(widths)

    @property
    def _n_numbers(self) -> int:
        return self.table.n_numeric + COLUMNS_PER_TEXT * len(self.table.texts)

    @property
    def most_columns(self) -> int:
        """Number of columns with all indicators of missing values and all columns of dates."""
        indicated = (1 + self.table.has_missing) * self.n_encoded_columns
        return indicated + COLUMNS_PER_DATE * len(self.table.dates)

    @property
    def early_stopping(self) -> bool:
        """Whether scikit-learn can hold out a tenth of a fold's training rows."""
        # At least half of the rows are in the training part of each fold.
        n_rows = min(self.table.n_rows, 2 * self.n_least_rows)
        return get_task(self.task).can_stop_early(n_rows, self.n_classes, self.smallest_class)
