"""What a search space must know of the table and target it is used on."""

from dataclasses import dataclass

from evolearn.data.schema import TableSchema

# A category column counts with at most this many columns: the one-hot encoder's default cap.
COLUMNS_PER_CATEGORY = 16
# A text counts with the columns that an unmutated genome makes of it.
COLUMNS_PER_TEXT = 32


@dataclass(frozen=True)
class Problem:
    """The table and target as far as they decide what can be built.

    Attributes
    ----------
    task : {"classification", "regression"}
    table : TableSchema
        The numeric matrix all candidates are evaluated on.
    n_classes : int
        Number of classes; 0 in regression.
    smallest_class : int
        Rows of the rarest class; 0 in regression. Half of them are in the training part of
        every fold: where folds are uneven it is less than the table has.
    zero_one : bool
        Whether the classes are the integers 0 and 1.
    positive_target : bool
        Whether all target values are above -1, so that their ``log1p`` exists.
    fine_numbers, fine_target : bool
        Whether a column of numbers, or the target, varies so little that estimators which
        compute in single precision would hardly see it; it is scaled before they do, but
        for estimators of the user's.
    weighted : bool
        Whether samples have weights.
    fit_limit : float
        Seconds that one fit may be expected to take.
    training_rows : int or None
        The most rows that a fold trains on; None: about as many as the table has.
    fewest_training_rows : int or None
        The fewest that one does; None: as many as the most.
    counted_rows : int or None
        Number of rows that final models learn from, see `evolearn.evaluation.zero_weights`;
        None: all.
    row_bytes : float
        Bytes of a row of the numeric matrix.
    memory : float
        Bytes that one fit may hold, the rows it trains on included.
    responses : tuple of str
        The prediction methods of which the scorer needs one; () if it does not say.
    identifiers : tuple of int
        Columns of numbers whose values tell of the target by themselves, not by their order.
    """

    task: str
    table: TableSchema
    n_classes: int = 0
    smallest_class: int = 0
    zero_one: bool = False
    positive_target: bool = False
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
    identifiers: tuple[int, ...] = ()

    @property
    def n_fit_rows(self) -> int:
        """Number of rows of one fit while candidates are compared."""
        return self.table.n_rows if self.training_rows is None else self.training_rows

    @property
    def n_least_rows(self) -> int:
        """Number of rows that the smallest fold trains on."""
        few = self.fewest_training_rows
        return self.n_fit_rows if few is None else few

    @property
    def n_final_rows(self) -> int:
        """Number of rows that final models learn from, if there is memory."""
        return self.table.n_rows if self.counted_rows is None else self.counted_rows

    @property
    def n_outputs(self) -> int:
        """Number of functions to learn: one per class beyond two classes, else one."""
        return self.n_classes if self.n_classes > 2 else 1

    @property
    def n_columns(self) -> int:
        """Number of columns that are fitted on where a category is one of them."""
        return self._n_numbers + len(self.table.cardinalities)

    @property
    def n_encoded_columns(self) -> int:
        """Number of columns that are fitted on where categories are one-hot encoded."""
        widths = (min(c, COLUMNS_PER_CATEGORY) for c in self.table.cardinalities)
        return self._n_numbers + sum(widths)

    @property
    def _n_numbers(self) -> int:
        return self.table.n_numeric + COLUMNS_PER_TEXT * len(self.table.texts)

    @property
    def early_stopping(self) -> bool:
        """Whether a stratified tenth of a fold's training rows can be held out.

        scikit-learn's inner early stopping is stratified and fails when a class has fewer
        than two training rows or the held-out part has fewer rows than there are classes.
        """
        # Half of the rows, or more, are in the training part of each fold.
        n_rows = min(self.table.n_rows, 2 * self.n_least_rows)
        if self.task == "regression":
            return n_rows >= 40
        return self.smallest_class >= 6 and n_rows >= 20 * self.n_classes
