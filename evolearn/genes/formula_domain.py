"""Domain of constructed features: sets of formulas over the numeric columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from evolearn.genes.text_sets import TextSet
from evolearn.transformers import OPERATORS, parse

# Largest number of formulas: more new columns help few models, and cost all of them time.
MOST_FORMULAS = 8
# Formulas that people can read: log1p(a * b) / sqrt(c + d) has depth 3 and size 9.
MOST_DEPTH, MOST_SIZE = 5, 15

_SINGLE = tuple(name for name, operator in OPERATORS.items() if operator.arity == 1)
_PAIRS = tuple(name for name, operator in OPERATORS.items() if operator.arity == 2)


@dataclass(frozen=True)
class Formulas(TextSet):
    """Sets of formulas, each written as nested calls over columns by their position.

    Moves here are plain ones, on whole formulas; the evolution also moves within them, as
    trees (`evolearn.search.genetic_programming`).

    Columns are named from ``x0`` on. `known` are the formulas that screening found, best first;
    `share` is the share of the variance left by single columns that these explain.

    Examples
    --------
    >>> from evolearn.genes.formula_domain import Formulas
    >>> ("div(x0, x1)",) in Formulas(n_columns=2)
    True
    >>> ("div(x0, x2)",) in Formulas(n_columns=2)
    False
    """

    n_columns: int = 0
    known: tuple[str, ...] = ()
    share: float = 0.0
    most: int = MOST_FORMULAS

    @property
    def n_sources(self) -> int:
        """Number of numeric columns."""
        return self.n_columns

    def draw_new(self, rng: Random) -> str:
        """Return a formula of two columns, or of the only one."""
        if self.n_columns == 1:
            return f"{rng.choice(_SINGLE)}(x0)"
        first, second = rng.sample(range(self.n_columns), 2)
        return f"{rng.choice(_PAIRS)}(x{first}, x{second})"

    def mutate(self, value: Sequence[str], rng: Random) -> tuple[str, ...]:
        """Return the set with one formula added or removed."""
        if value and (rng.random() < 0.5 or len(value) >= self.most):
            dropped = rng.randrange(len(value))
            return tuple(text for i, text in enumerate(value) if i != dropped)
        return self.of([*value, self.draw(rng)]) if self.n_columns else tuple(value)

    def fits(self, text: str) -> bool:
        """Whether a formula is over existing columns, not too long, and says something new."""
        expression = parse(text)
        return (
            0 < expression.depth <= MOST_DEPTH
            and not expression.repeats_an_operand
            and expression.size <= MOST_SIZE
            and expression.columns[-1] < self.n_columns
        )
