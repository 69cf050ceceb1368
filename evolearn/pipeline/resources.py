"""Expected seconds and memory of one fit, as data of a component."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from evolearn.pipeline.genome import Allele


@dataclass(frozen=True)
class Cost:
    """Expected seconds of one fit on one core, a power law in the size of the table.

    The constants are measured by ``benchmarks/cost_model.py``.

    Attributes
    ----------
    seconds : float
        Seconds for 1,000 rows, 10 columns and one output (a number, or two classes).
    rows, columns, outputs : float
        Exponents of the numbers of rows, columns and outputs.
    linear : float
        Lower bound, in seconds per 1,000 rows and 10 columns. It holds on large tables, where
        the fixed costs that flatten the power law no longer matter.
    units : dict of str to (float, float)
        For each hyperparameter that the time depends on: the value at which it was measured,
        and the exponent.

    Examples
    --------
    >>> from evolearn.pipeline.resources import Cost
    >>> Cost(0.01, rows=2).seconds_for(n_rows=10_000, n_columns=10, n_outputs=1)
    1.0
    """

    seconds: float
    rows: float = 1.0
    columns: float = 1.0
    outputs: float = 0.0
    linear: float = 0.0
    units: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def effort(self, allele: Allele) -> float:
        """Ratio of the expected seconds with these hyperparameters to the measured ones."""
        values = dict(allele.values)
        effort = 1.0
        for name, (measured_at, power) in self.units.items():
            value = values.get(name)
            size = sum(value) if isinstance(value, tuple | list) else value
            # A user may allow values without a size, such as "sqrt" or None.
            if isinstance(size, int | float) and 0 < size < float("inf"):
                effort *= (size / measured_at) ** power
        return effort

    def seconds_for(self, n_rows: int, n_columns: int, n_outputs: int) -> float:
        """Return the expected seconds of one fit on a table of this size."""
        rows, columns = n_rows / 1000, max(n_columns, 1) / 10
        law = self.seconds * rows**self.rows * columns**self.columns
        return float(max(law, self.linear * rows * columns) * n_outputs**self.outputs)


@dataclass(frozen=True)
class Footprint:
    """Peak memory of one fit, besides the rows it is given.

    The constants are measured by ``benchmarks/footprint.py``.

    Attributes
    ----------
    copies : float
        Number of copies of the training rows.
    refit_copies : float or None
        The same for a final model, which holds out no rows for early stopping; None: as many.
    of_row, of_output : float
        Bytes per row, and per row and output.
    of_each : dict of str to float
        Bytes per row and unit of a hyperparameter, such as a tree or a kernel feature.
    of_column : dict of str to float
        Bytes per column and unit of a hyperparameter, such as a leaf that is being split.
    of_pair : float
        Bytes per pair of rows, for kernel matrices.
    """

    copies: float
    refit_copies: float | None = None
    of_row: float = 0.0
    of_output: float = 0.0
    of_each: Mapping[str, float] = field(default_factory=dict)
    of_column: Mapping[str, float] = field(default_factory=dict)
    of_pair: float = 0.0
