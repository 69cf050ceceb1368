"""Formulas over the columns of a matrix: syntax, values and readable form.

Formulas are written as nested calls, such as ``div(log1p(x0), x3)``, where ``x3`` is the fourth
column. Operators are protected: ``sqrt`` and ``log`` are those of the absolute value, ``log1p``
is that of the absolute value with the sign of the value. Where a formula is not defined, as in
a division by zero, it is zero; values beyond `LARGEST` are clipped. Only missing values make
missing values.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evolearn.messages import shown

Column = NDArray[np.float64]

# Largest absolute value: its square is still a 32-bit float, in which networks compute.
LARGEST = 1e18
# Largest argument of exp whose result is below it.
LARGEST_EXPONENT = 41.0
# Precedence of the readable form, as in Python: sums, products, powers, names and calls.
SUM, PRODUCT, POWER, ATOM = range(4)


@dataclass(frozen=True)
class Operator:
    """A function of one or two columns.

    Attributes
    ----------
    arity : int
        Number of columns.
    apply : callable
        Computes the values; where the function is not defined they may be anything.
    readable : str
        Format of the readable form, such as ``"{} + {}"``.
    precedence : int
        Precedence of the readable form.
    operands : tuple of int
        Minimum precedence of each operand that needs no parentheses.
    """

    arity: int
    apply: Callable[..., Column]
    readable: str
    precedence: int = ATOM
    operands: tuple[int, ...] = (SUM,)


def _divide(a: Column, b: Column) -> Column:
    return np.divide(a, b, out=np.zeros_like(a + b), where=b != 0)


def _log(a: Column) -> Column:
    size = np.abs(a)
    return np.log(size, out=np.zeros_like(size), where=size > 0)


def _log1p(a: Column) -> Column:
    return np.copysign(np.log1p(np.abs(a)), a)


def _exp(a: Column) -> Column:
    return np.exp(np.minimum(a, LARGEST_EXPONENT))


#: The operators by name.
OPERATORS: Mapping[str, Operator] = {
    "add": Operator(2, np.add, "{} + {}", SUM, (SUM, PRODUCT)),
    "sub": Operator(2, np.subtract, "{} - {}", SUM, (SUM, PRODUCT)),
    "mul": Operator(2, np.multiply, "{} * {}", PRODUCT, (PRODUCT, POWER)),
    "div": Operator(2, _divide, "{} / {}", PRODUCT, (PRODUCT, POWER)),
    "minimum": Operator(2, np.minimum, "minimum({}, {})", ATOM, (SUM, SUM)),
    "maximum": Operator(2, np.maximum, "maximum({}, {})", ATOM, (SUM, SUM)),
    "square": Operator(1, np.square, "{}**2", POWER, (ATOM,)),
    "sqrt": Operator(1, lambda a: np.sqrt(np.abs(a)), "sqrt({})"),
    "absolute": Operator(1, np.abs, "absolute({})"),
    "log": Operator(1, _log, "log({})"),
    "log1p": Operator(1, _log1p, "log1p({})"),
    "exp": Operator(1, _exp, "exp({})"),
    "sin": Operator(1, np.sin, "sin({})"),
    "cos": Operator(1, np.cos, "cos({})"),
}


@dataclass(frozen=True)
class Expression:
    """A formula: a column, or an operator applied to other formulas.

    Parameters
    ----------
    operator : str or None
        A name of `OPERATORS`; None for a column.
    parts : tuple of Expression
        Operands of the operator.
    column : int
        Position of the column.

    Examples
    --------
    >>> import numpy as np
    >>> from evolearn.transformers import parse
    >>> ratio = parse("div(log1p(x0), x1)")
    >>> ratio.readable(["area", "rooms"])
    'log1p(area) / rooms'
    >>> ratio.values(np.array([[0.0, 4.0], [3.0, 0.0], [np.nan, 1.0]]))
    array([ 0.,  0., nan])
    """

    operator: str | None
    parts: tuple["Expression", ...] = ()
    column: int = -1

    def __str__(self) -> str:
        if self.operator is None:
            return f"x{self.column}"
        return f"{self.operator}({', '.join(map(str, self.parts))})"

    @cached_property
    def columns(self) -> tuple[int, ...]:
        """Positions of the columns in it, each once, in ascending order."""
        return tuple(sorted({node.column for node in self._nodes() if node.operator is None}))

    @cached_property
    def size(self) -> int:
        """Number of operators and columns in it."""
        return sum(1 for _ in self._nodes())

    @cached_property
    def depth(self) -> int:
        """Maximum number of nested operators; 0 for a column."""
        return 0 if self.operator is None else 1 + max(part.depth for part in self.parts)

    @cached_property
    def repeats_an_operand(self) -> bool:
        """Whether an operator has the same formula twice, as in ``x - x`` or ``min(x, x)``."""
        return any(len(node.parts) > len(set(node.parts)) for node in self._nodes())

    def values(self, X: NDArray[np.float64]) -> Column:
        """Compute the values for the rows of a matrix.

        They are finite, or NaN where a column of the formula is NaN.
        """
        with np.errstate(all="ignore"):
            values = self._raw(X)
            missing = np.isnan(X[:, self.columns]).any(axis=1)
            values = np.nan_to_num(values, nan=0.0, posinf=LARGEST, neginf=-LARGEST)
        values = np.clip(values, -LARGEST, LARGEST)
        values[missing] = np.nan
        return values

    def readable(self, names: Sequence[str]) -> str:
        """Write it with the names of the columns."""
        return self._format(names, SUM)

    def _nodes(self) -> Iterator["Expression"]:
        yield self
        for part in self.parts:
            yield from part._nodes()

    def _raw(self, X: NDArray[np.float64]) -> Column:
        if self.operator is None:
            return X[:, self.column].astype(np.float64)
        return OPERATORS[self.operator].apply(*(part._raw(X) for part in self.parts))

    def _format(self, names: Sequence[str], minimum: int) -> str:
        if self.operator is None:
            return str(names[self.column])
        operator = OPERATORS[self.operator]
        parts = [
            part._format(names, precedence)
            for part, precedence in zip(self.parts, operator.operands, strict=True)
        ]
        text = operator.readable.format(*parts)
        return text if operator.precedence >= minimum else f"({text})"


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Parse an expression.

    Raises
    ------
    ValueError
        If the text is no formula, or names an operator that does not exist.
    """
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise ValueError(_syntax_message(text)) from error
    return _convert(tree, text)


def _convert(node: Any, text: str) -> Expression:
    if isinstance(node, ast.Name) and node.id[:1] == "x" and node.id[1:].isdecimal():
        return Expression(None, column=int(node.id[1:]))
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        raise ValueError(_syntax_message(text))
    name = node.func.id
    if name not in OPERATORS or node.keywords or len(node.args) != OPERATORS[name].arity:
        raise ValueError(_syntax_message(text))
    return Expression(name, tuple(_convert(part, text) for part in node.args))


def _syntax_message(text: str) -> str:
    return (
        f"An expression is made of columns such as x0 and of the operators "
        f"{', '.join(OPERATORS)} with the columns they take, as in 'div(log1p(x0), x3)'; "
        f"got {shown(text)}."
    )
