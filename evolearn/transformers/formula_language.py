"""Formulas over the columns of a table: their text, their values, how they are read.

The text is that of nested calls, such as ``div(log1p(x0), x3)``, where ``x3`` is the fourth
column. Operators are protected: ``sqrt`` and ``log`` are those of the absolute value, ``log1p``
is that of the absolute value with the sign of the value; where a formula still is not defined,
as a division by zero is not, it is zero, and what is too large for a float is the largest of
them. Only a missing value makes a missing value.
"""

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Column = NDArray[np.float64]

# The largest size of a value: its square is still a 32-bit float, in which networks compute.
LARGEST = 1e18
# exp of more is above it.
LARGEST_EXPONENT = 41.0
# How strongly the parts of a formula are held together, as in Python: sums, products, powers.
SUM, PRODUCT, POWER, ATOM = range(4)


@dataclass(frozen=True)
class Operator:
    """A function of one or two columns and how it is written.

    Attributes
    ----------
    arity : int
        The number of columns.
    apply : callable
        Returns the values; may give anything where the function is not defined.
    template : str
        How it is read: ``"{} + {}"``.
    binding : int
        How strongly the written form is held together.
    needs : tuple of int
        From which binding on each part goes without parentheses.
    """

    arity: int
    apply: Callable[..., Column]
    template: str
    binding: int = ATOM
    needs: tuple[int, ...] = (SUM,)


def _divided(a: Column, b: Column) -> Column:
    return np.divide(a, b, out=np.zeros_like(a + b), where=b != 0)


def _log(a: Column) -> Column:
    size = np.abs(a)
    return np.log(size, out=np.zeros_like(size), where=size > 0)


def _log1p(a: Column) -> Column:
    return np.copysign(np.log1p(np.abs(a)), a)


def _exp(a: Column) -> Column:
    return np.exp(np.minimum(a, LARGEST_EXPONENT))


#: What formulas are made of, by name.
OPERATORS: Mapping[str, Operator] = {
    "add": Operator(2, np.add, "{} + {}", SUM, (SUM, PRODUCT)),
    "sub": Operator(2, np.subtract, "{} - {}", SUM, (SUM, PRODUCT)),
    "mul": Operator(2, np.multiply, "{} * {}", PRODUCT, (PRODUCT, POWER)),
    "div": Operator(2, _divided, "{} / {}", PRODUCT, (PRODUCT, POWER)),
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
    """A formula: a column, or an operator with its parts.

    Parameters
    ----------
    operator : str or None
        A name of `OPERATORS`; None for a column.
    parts : tuple of Expression
        What the operator is applied to.
    column : int
        The position of the column.

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
        """The positions of the columns in it, each once, in order."""
        return tuple(sorted({node.column for node in self._nodes() if node.operator is None}))

    @cached_property
    def size(self) -> int:
        """How many operators and columns it is made of."""
        return sum(1 for _ in self._nodes())

    @cached_property
    def depth(self) -> int:
        """How many operators lie one inside the other; 0 for a column."""
        return 0 if self.operator is None else 1 + max(part.depth for part in self.parts)

    def values(self, X: NDArray[np.float64]) -> Column:
        """Return the values for the rows of a matrix.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)

        Returns
        -------
        values : ndarray of shape (n_samples,)
            Finite, but NaN where a column of the formula is.
        """
        with np.errstate(all="ignore"):
            values = self._raw(X)
            missing = np.isnan(X[:, self.columns]).any(axis=1)
            values = np.nan_to_num(values, nan=0.0, posinf=LARGEST, neginf=-LARGEST)
        values = np.clip(values, -LARGEST, LARGEST)
        values[missing] = np.nan
        return values

    def readable(self, names: Sequence[str]) -> str:
        """Return it as it is read, with the names of the columns."""
        return self._written(names, SUM)

    def _nodes(self) -> Iterator["Expression"]:
        yield self
        for part in self.parts:
            yield from part._nodes()

    def _raw(self, X: NDArray[np.float64]) -> Column:
        if self.operator is None:
            return X[:, self.column].astype(np.float64)
        return OPERATORS[self.operator].apply(*(part._raw(X) for part in self.parts))

    def _written(self, names: Sequence[str], needed: int) -> str:
        if self.operator is None:
            return str(names[self.column])
        operator = OPERATORS[self.operator]
        needs = operator.needs
        parts = [part._written(names, n) for part, n in zip(self.parts, needs, strict=True)]
        text = operator.template.format(*parts)
        return text if operator.binding >= needed else f"({text})"


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """Return the expression that a text stands for.

    Raises
    ------
    ValueError
        If the text is no formula, or names an operator that there is not.
    """
    try:
        tree = ast.parse(text, mode="eval").body
    except (SyntaxError, ValueError) as error:
        raise ValueError(_misspelt(text)) from error
    return _read(tree, text)


def _read(node: Any, text: str) -> Expression:
    if isinstance(node, ast.Name) and node.id[:1] == "x" and node.id[1:].isdecimal():
        return Expression(None, column=int(node.id[1:]))
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
        raise ValueError(_misspelt(text))
    name = node.func.id
    if name not in OPERATORS or node.keywords or len(node.args) != OPERATORS[name].arity:
        raise ValueError(_misspelt(text))
    return Expression(name, tuple(_read(part, text) for part in node.args))


def _misspelt(text: str) -> str:
    return (
        f"An expression is made of columns such as x0 and of the operators "
        f"{', '.join(OPERATORS)} with the columns they take, as in 'div(log1p(x0), x3)'; "
        f"got {text!r}."
    )
