"""Construction of an ONNX graph, node by node, in double precision."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from evolearn.exceptions import OnnxExportError

# Versions of the operator sets: those of onnx 1.15, which onnxruntime knows from 1.17 on.
OPSET, ML_OPSET = 18, 4
ML = "ai.onnx.ml"


@dataclass(frozen=True)
class Node:
    """A node: its operator, the names of its inputs and outputs, and its attributes."""

    kind: str
    inputs: list[str]
    outputs: list[str]
    domain: str
    attributes: dict[str, Any]


class Graph:
    """An ONNX graph under construction. Its values are referred to by their names.

    All numbers are tensors of doubles of shape (n_samples, n_columns), unless a converter says
    otherwise. Nothing here needs onnx.

    Attributes
    ----------
    nodes : list of Node or onnx.NodeProto
        In the order of computation.
    constants : dict of str to ndarray
        Constant tensors by name.
    initializers : list of onnx.TensorProto
        Further constant tensors, those of other converters.
    table : dict of int to str
        Inputs that are columns of the table, by position; empty if there is one matrix.
    place : list of str
        Steps that contain the one which is converted, outermost first.
    """

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: dict[str, np.ndarray] = {}
        self.initializers: list[Any] = []
        self.table: dict[int, str] = {}
        self.place: list[str] = []
        self._n_names = 0

    def new_name(self, prefix: str = "v") -> str:
        """Return a name that no other value has."""
        self._n_names += 1
        return f"{prefix}{self._n_names}"

    def constant(self, value: Any, dtype: Any = np.float64) -> str:
        """Add a constant tensor; return its name."""
        name = self.new_name("c")
        self.constants[name] = np.asarray(value, dtype=dtype)
        return name

    def op(
        self,
        kind: str,
        *inputs: Any,
        domain: str = "",
        more: Sequence[str] = (),
        **attributes: Any,
    ) -> str:
        """Add a node; return the name of its first output.

        Inputs that are no names become constants of doubles; `more` are the names of further
        outputs.
        """
        names = [one if isinstance(one, str) else self.constant(one) for one in inputs]
        output = self.new_name()
        self.nodes.append(Node(kind, names, [output, *more], domain, attributes))
        return output

    @contextmanager
    def inside(self, step: str) -> Iterator[None]:
        """Name the step that is converted, for errors."""
        self.place.append(step)
        try:
            yield
        finally:
            self.place.pop()

    def refuse(self, model: Any, reason: str) -> OnnxExportError:
        """Return the error that a step has no ONNX form; the reason goes on with "it ..."."""
        where = f" in {', '.join(self.place)}" if self.place else ""
        return OnnxExportError(
            f"{type(model).__name__}{where} cannot be exported to ONNX: {reason}."
        )

    # -- operations of several nodes --------------------------------------------------------

    def columns(self, x: str, positions: Sequence[int]) -> str:
        """Select columns by position."""
        return self.op("Gather", x, self.constant(list(positions), np.int64), axis=1)

    def column(self, x: str, position: int) -> str:
        """Select one column, of shape (n_samples, 1)."""
        return self.columns(x, [position])

    def join(self, parts: Sequence[str]) -> str:
        """Join columns side by side."""
        return parts[0] if len(parts) == 1 else self.op("Concat", *parts, axis=1)

    def as_double(self, x: str) -> str:
        """Convert to doubles."""
        return self.op("Cast", x, to=11)  # TensorProto.DOUBLE

    def as_float(self, x: str) -> str:
        """Convert to single precision."""
        return self.op("Cast", x, to=1)  # TensorProto.FLOAT

    def through_float(self, x: str) -> str:
        """Round doubles to single precision."""
        return self.as_double(self.as_float(x))

    def ints(self, values: Any) -> str:
        """Add a constant tensor of int64, such as a shape or axes."""
        return self.constant(values, np.int64)

    def reshape(self, x: str, shape: Sequence[int]) -> str:
        """Change the shape; 0 keeps a dimension, -1 infers one."""
        return self.op("Reshape", x, self.ints(list(shape)))

    def total(self, x: str, axis: int = 1, keep: bool = True) -> str:
        """Sum over an axis."""
        return self.op("ReduceSum", x, self.ints([axis]), keepdims=int(keep))

    def highest(self, x: str, axis: int = 1) -> str:
        """Return the maximum over an axis, which is kept."""
        return self.op("ReduceMax", x, self.ints([axis]), keepdims=1)

    def where(self, condition: str, yes: Any, no: Any) -> str:
        """Choose between values."""
        return self.op("Where", condition, yes, no)

    def filled(self, x: str, values: Any) -> str:
        """Replace missing values."""
        return self.where(self.op("IsNaN", x), values, x)

    def clip(self, x: str, low: Any, high: Any) -> str:
        """Limit values; missing ones stay missing."""
        raised = self.where(self.op("Less", x, low), low, x)
        return self.where(self.op("Greater", raised, high), high, raised)

    def affine(self, x: str, weights: Any, shifts: Any) -> str:
        """Multiply by a matrix and add a row."""
        return self.op("Add", self.op("MatMul", x, weights), shifts)

    def softmax(self, x: str) -> str:
        """Return probabilities of unnormalised logarithms in the last axis."""
        return self.op("Softmax", x, axis=-1)

    def two_classes(self, second: str) -> str:
        """Return the probabilities of two classes from those of the second one."""
        return self.join([self.op("Sub", 1.0, second), second])

    def normalised(self, x: str) -> str:
        """Divide rows by their sums."""
        return self.op("Div", x, self.total(x))

    def lookup(self, x: str, keys: Any, values: Any, unknown: float, missing: float) -> str:
        """Return the value of each number's key."""
        keys = np.asarray(keys, dtype=np.float64)
        present = ~np.isnan(keys)
        values = np.asarray(values, dtype=np.float64)[present]
        if present.any():
            found = self.op(
                "LabelEncoder",
                x,
                domain=ML,
                keys_tensor=keys[present],
                values_tensor=values,
                default_tensor=np.array([unknown], dtype=np.float64),
            )
        else:
            found = self.op("Add", self.op("Mul", self.filled(x, 0.0), 0.0), unknown)
        return self.where(self.op("IsNaN", x), missing, found)

    def rows_of(self, table: Any, positions: str) -> str:
        """Return the rows of a constant table at positions that are a column of doubles."""
        index = self.op("Cast", self.reshape(positions, [-1]), to=7)  # TensorProto.INT64
        return self.op("Gather", self.constant(table), index, axis=0)

    def cosine(self, x: str) -> str:
        """Return cosines; earlier versions of onnxruntime know none of doubles."""
        return self.op("Sin", self.op("Add", x, np.pi / 2))

    def squared_distances(self, x: str, rows: np.ndarray, power: int = 2) -> str:
        """Return the sums of powers of the differences to rows, (n_samples, n_rows).

        Column by column: the memory is that of the result, and equal rows have distance 0.
        """
        total = ""
        for j in range(rows.shape[1]):
            difference = self.op("Sub", self.column(x, j), rows[None, :, j])
            kind = ("Mul", difference, difference) if power == 2 else ("Abs", difference)
            one = self.op(*kind)
            total = self.op("Add", total, one) if total else one
        return total
