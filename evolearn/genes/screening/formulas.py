"""Screening for formulas: genetic programming on what single columns do not explain.

Candidates of a search are too expensive to find a formula with: a pipeline takes a second, and
a formula of three columns is one of a hundred thousand. So formulas are evolved before the
search, with a fitness that takes microseconds: the share of the target that they explain and
that no sum of functions of single columns does. Formulas evolved on one half of the rows must
be confirmed on the other half. They then enter genomes, where cross-validation decides.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor
from threadpoolctl import threadpool_limits

from evolearn.genes.formula_domain import MOST_FORMULAS
from evolearn.search.genetic_programming import FormulaTrees
from evolearn.transformers import LARGEST, OPERATORS, Expression, parse

Matrix = NDArray[np.float64]

# Rows of each half, and the most columns of formulas: more take longer and find the same.
MOST_ROWS = 1_000
MOST_COLUMNS = 16
MOST_ROWS_OF_TREES = 600
# On fewer rows nothing can be confirmed.
FEWEST_ROWS = 80
# Replaces zero in divisions.
TINY = 1e-300
# Survivors and offspring per generation, and generations for the first formula and for each
# later one.
SURVIVORS, OFFSPRING = 50, 120
GENERATIONS, MORE_GENERATIONS = 8, 4
# A formula is confirmed if it explains, on the half it was not evolved on, this share of the
# variance that single columns leave unexplained (the first formula more), and so many times the
# share that noise would. On tables of the suite whose formulas explained less than 0.2
# together, they improved the cross-validated error of the rows they were evolved on (0.97),
# and not that of other rows (1.04).
LEAST_GAIN, FIRST_GAIN, ABOVE_NOISE = 0.01, 0.05, 8.0
LEAST_SHARE = 0.2
# If so many formulas explain less than this together, the target is no formula.
ENOUGH, MOST_OF_IT = 3, 0.5
# After so many generations the best formula must explain half of what the first one must.
EARLY_GENERATION, HALF = 3, 0.5
# A formula with one more operator or column must be better by this share.
PARSIMONY = 0.02
# Relative probabilities of operators that are frequent in laws of nature.
WEIGHTS = {"mul": 5, "div": 5, "add": 3, "sub": 3, "square": 2, "sqrt": 2, "log": 2}
# Number of pieces of the broken line that models the effect of a single column.
PIECES = 5
# Share of a formula's values, at either end, that are clipped: a ratio may be anything where
# its divisor is near zero.
OUTERMOST = 0.002
# A formula is ignored if single columns explain all but this share of it.
LEAST_OWN = 1e-3


@dataclass(frozen=True)
class FoundFormulas:
    """Confirmed formulas, best first; mostly none.

    ``share`` is the share of the variance, noise included, that they explain and single columns
    do not, on rows that they were not evolved on.
    """

    formulas: tuple[str, ...] = ()
    share: float = 0.0


def find_formulas(
    X: Matrix, targets: Matrix, allows: Callable[[str], bool], seed: int
) -> FoundFormulas:
    """Evolve formulas over the columns of a matrix that explain one of the targets.

    There is a target per class, or a number and its rank. `allows` says whether a formula, as
    text, may be a result. Missing values are replaced by the median of their column.
    """
    if len(X) < FEWEST_ROWS or X.shape[1] < 2:
        return FoundFormulas()
    drawn = np.random.default_rng(seed).permutation(len(X))[: 2 * MOST_ROWS]
    # One thread: the order of a sum changes its last digits, and results must repeat. Formulas
    # may overflow.
    with threadpool_limits(1), np.errstate(all="ignore"):
        X = np.clip(_complete(X[drawn]), -LARGEST, LARGEST)
        targets = targets[drawn] / np.maximum(np.abs(targets[drawn]).max(axis=0), TINY)
        half = len(drawn) // 2
        halves = slice(0, half), slice(half, None)
        # A target that is constant in one half can be explained there alone.
        varying = [np.ptp(targets[rows], axis=0) > 0 for rows in halves]
        targets = targets[:, varying[0] & varying[1]]
        columns = _promising(X, targets) if targets.shape[1] else []
        if len(columns) < 2:
            return FoundFormulas()
        first, second = (_Half.of(X[rows], targets[rows], columns) for rows in halves)
        return _FormulaEvolution(first, second, columns, Random(seed), allows).run()


@dataclass
class _Half:
    """Half of the rows: the columns, and the residuals of the targets."""

    X: Matrix
    residuals: Matrix
    basis: Matrix
    size: Matrix  # sum of squares of each target's residuals before any formula

    @classmethod
    def of(cls, X: Matrix, targets: Matrix, columns: Sequence[int]) -> "_Half":
        basis = _orthonormal(_curves(X[:, columns]))
        centred = targets - targets.mean(axis=0)
        residuals = _without(centred / np.maximum(centred.std(axis=0), TINY), basis)
        return cls(X, residuals, basis, np.maximum((residuals**2).sum(axis=0), 1e-12))

    def explained(self, texts: Sequence[str]) -> Matrix:
        """Return the share of each target's residuals that each formula explains."""
        return np.asarray((self._own(texts).T @ self.residuals) ** 2 / self.size)

    def add(self, text: str) -> None:
        """Remove from the residuals what a formula explains."""
        own = self._own([text])
        self.basis = np.hstack([self.basis, own])
        self.residuals = _without(self.residuals, own)

    def _own(self, texts: Sequence[str]) -> Matrix:
        """Return the part of formulas orthogonal to the basis, of length one or zero."""
        values = _standardised(np.column_stack([parse(text).values(self.X) for text in texts]))
        own = _without(values, self.basis)
        size = (own**2).sum(axis=0)
        enough = size > LEAST_OWN * len(values)
        return np.where(enough, own / np.sqrt(np.where(enough, size, 1.0)), 0.0)


@dataclass
class _FormulaEvolution:
    """Generations of formulas, evolved on one half of the rows and confirmed on the other."""

    training: _Half
    judging: _Half
    columns: Sequence[int]
    rng: Random
    allows: Callable[[str], bool]
    scores: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Formulas have no other columns than the promising ones.
        self._trees = FormulaTrees(self.columns, self.allows, self.rng)
        self._names = tuple(f"x{column}" for column in self.columns)

    def run(self) -> FoundFormulas:
        useful: list[str] = []
        self._score(self._pairs())
        for _ in range(MOST_FORMULAS):
            for generation in range(MORE_GENERATIONS if useful else GENERATIONS):
                if generation == EARLY_GENERATION and not useful and not self._is_promising():
                    return FoundFormulas()
                self._score(self._offspring())
            best = self._pruned(self._best(1)[0])
            share = 1.0 if useful else FIRST_GAIN / LEAST_GAIN
            if self.scores[best] <= 0 or not self._is_confirmed(best, share):
                break
            useful.append(best)
            for half in (self.training, self.judging):
                half.add(best)
            if len(useful) == ENOUGH and self._share() < MOST_OF_IT:
                break
            texts, self.scores = self._best(4 * SURVIVORS), {}
            self._score(texts)
        share = self._share()
        return FoundFormulas(tuple(useful), share) if share > LEAST_SHARE else FoundFormulas()

    def _is_promising(self) -> bool:
        return self._is_confirmed(self._best(1)[0], HALF * FIRST_GAIN / LEAST_GAIN)

    def _share(self) -> float:
        left = (self.judging.residuals**2).sum(axis=0) / self.judging.size
        return 1.0 - float(left.min())

    def _pruned(self, text: str) -> str:
        """Return a formula without superfluous operators."""
        while True:
            shorter = sorted(set(_shortened(parse(text))) - {text})
            self._score(shorter)
            known = [t for t in shorter if t in self.scores]
            better = [t for t in known if self.scores[t] >= self.scores[text]]
            if not better:
                return text
            text = max(better, key=lambda one: self.scores[one])

    def _is_confirmed(self, text: str, share: float = 1.0) -> bool:
        explained = float(self.judging.explained([text]).max())
        return explained > share * max(LEAST_GAIN, ABOVE_NOISE / len(self.judging.X))

    def _pairs(self) -> list[str]:
        """Return all operators over pairs of columns, except sums, which explain nothing."""
        pairs = []
        for name, operator in OPERATORS.items():
            if operator.arity == 2 and name not in ("add", "sub"):
                for i, first in enumerate(self._names):
                    others = self._names if name == "div" else self._names[i + 1 :]
                    pairs += [f"{name}({first}, {other})" for other in others if other != first]
        return pairs

    def _offspring(self) -> list[str]:
        parents = self._best(SURVIVORS)
        children = []
        for _ in range(OFFSPRING):
            # Tournaments of two: the parents are sorted by fitness.
            first, second = (
                parents[min(self.rng.randrange(len(parents)) for _ in range(2))]
                for _ in range(2)
            )
            draw = self.rng.random()
            if draw < 0.35:
                child = self._joined(first, second)
            elif draw < 0.7:
                child = self._trees.mutate(first)
            else:
                child = self._trees.cross(first, second)
            children.append(child)
        return children

    def _joined(self, first: str, second: str) -> str:
        """Return an operator over a formula and another formula or a column."""
        (name,) = self.rng.choices(list(OPERATORS), [WEIGHTS.get(n, 1) for n in OPERATORS])
        if OPERATORS[name].arity == 1:
            return f"{name}({first})"
        other = second if self.rng.random() < 0.3 else self.rng.choice(self._names)
        parts = [first, other] if self.rng.random() < 0.5 else [other, first]
        return f"{name}({parts[0]}, {parts[1]})"

    def _score(self, texts: Sequence[str]) -> None:
        unknown = (t for t in dict.fromkeys(texts) if t not in self.scores)
        # A single column needs no formula.
        new = [t for t in unknown if self.allows(t) and len(parse(t).columns) > 1]
        for start in range(0, len(new), 256):
            part = new[start : start + 256]
            explained = self.training.explained(part).max(axis=1)
            for text, share in zip(part, explained, strict=True):
                self.scores[text] = float(share) * (1 - PARSIMONY * parse(text).size)

    def _best(self, n_wanted: int) -> list[str]:
        """Return the best formulas, one for each score."""
        ordered = sorted(self.scores, key=lambda text: -self.scores[text])
        different = {round(self.scores[text], 9): text for text in reversed(ordered)}
        return sorted(different.values(), key=lambda text: -self.scores[text])[:n_wanted]


def _shortened(expression: Expression) -> Iterator[str]:
    """Yield the formula with one operator replaced by one of its operands."""
    for i, part in enumerate(expression.parts):
        yield str(part)
        for shorter in _shortened(part):
            parts = [shorter if j == i else str(p) for j, p in enumerate(expression.parts)]
            yield f"{expression.operator}({', '.join(parts)})"


def _complete(X: Matrix) -> Matrix:
    missing = np.isnan(X)
    if not missing.any():
        return X
    known = ~missing.all(axis=0)
    medians = np.zeros(X.shape[1])
    medians[known] = np.nanmedian(X[:, known], axis=0)
    return np.where(missing, medians, X)


def _standardised(values: Matrix) -> Matrix:
    """Return columns with mean 0 and variance 1, their outermost values clipped."""
    low, high = np.quantile(values, [OUTERMOST, 1 - OUTERMOST], axis=0)
    # Where nearly all values are equal, only the outermost ones vary.
    kept = np.where(high > low, np.clip(values, low, high), values)
    centred = kept - kept.mean(axis=0)
    spread = centred.std(axis=0)
    return np.where(spread > 0, centred / np.where(spread > 0, spread, 1.0), 0.0)


def _curves(X: Matrix) -> Matrix:
    """Return a basis of all sums of broken lines of single columns."""
    values = _standardised(X)
    # On few rows, curves of many pieces would explain anything.
    n_pieces = int(np.clip(len(X) / 6 / X.shape[1], 1, PIECES))
    parts = [np.ones((len(X), 1)), values]
    for share in np.arange(1, n_pieces) / n_pieces:
        parts.append(np.maximum(values - np.quantile(values, share, axis=0), 0.0))
    return np.hstack(parts)


def _orthonormal(columns: Matrix) -> Matrix:
    left, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    return np.asarray(left[:, sizes > 1e-6 * sizes[0]])


def _without(values: Matrix, basis: Matrix) -> Matrix:
    return np.asarray(values - basis @ (basis.T @ values))


def _promising(X: Matrix, targets: Matrix) -> list[int]:
    """Return the columns that formulas are made of, in their order.

    If there are many, the most important ones in shallow random trees.
    """
    varying = np.flatnonzero(X.std(axis=0) > 0)
    if len(varying) <= MOST_COLUMNS:
        return varying.tolist()
    # A tenth of a second on 300 columns.
    trees = ExtraTreesRegressor(
        50, min_samples_leaf=5, max_features="sqrt", max_depth=8, random_state=0
    )
    some = slice(0, MOST_ROWS_OF_TREES)
    target = targets[some, 0] if targets.shape[1] == 1 else targets[some]
    trees.fit(X[some][:, varying], target)
    best = np.argsort(-trees.feature_importances_, kind="stable")[:MOST_COLUMNS]
    return sorted(varying[best].tolist())
