"""Formulas bred before a search: genetic programming against what single columns do not tell.

Candidates of a search are far too dear to find a formula by: a pipeline takes a second, and a
formula of three columns is one of a hundred thousand. So formulas are bred first, by a measure
that takes microseconds: how much of the target they explain that no sum of functions of single
columns does. What was bred on one half of the rows must prove itself on the other half; it
then enters genomes, and lives or dies there by cross-validation as everything else.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesRegressor
from threadpoolctl import threadpool_limits

from evolearn.genes.formulas import MOST_EXPRESSIONS, Expressions
from evolearn.search.genetic_programming import Trees
from evolearn.transformers import LARGEST, OPERATORS, Expression, parse

Matrix = NDArray[np.float64]

# Rows of each half, and columns that formulas are made of: more cost time and find the same.
MOST_ROWS = 1_000
MOST_COLUMNS = 16
MOST_ROWS_OF_TREES = 600
# On fewer rows than this nothing can be proved.
FEWEST_ROWS = 80
# In place of zero, where there is a division.
TINY = 1e-300
# Formulas that survive, children per generation, and generations for the first formula and for
# each one after it.
SURVIVORS, CHILDREN = 50, 120
GENERATIONS, MORE_GENERATIONS = 8, 4
# A formula is of use if it explains, on the half it was not bred on, this share of what single
# columns leave unexplained, the first one more, and so many times what pure noise would. On
# tables of the suite on which formulas explained less than 0.2 together, they helped
# cross-validated on rows that they were bred on (0.97 of the error), and not on others (1.04).
LEAST_GAIN, FIRST_GAIN, ABOVE_NOISE = 0.01, 0.05, 8.0
LEAST_SHARE = 0.2
# If so many explain less than that together, the target is no formula: others would not either.
ENOUGH, MOST_OF_IT = 3, 0.5
# Where after so many generations the best one explains not half of that, it is left at that.
HOPE, HALF = 3, 0.5
# A formula that is larger by one operator or column must be better by this share.
PARSIMONY = 0.02
# How much likelier than others operators are that nature is fond of.
WEIGHTS = {"mul": 5, "div": 5, "add": 3, "sub": 3, "square": 2, "sqrt": 2, "log": 2}
# Pieces of the curve that a column's own effect may have.
PIECES = 5
# The share of a formula's values, at either end, that are drawn in to the next ones: a ratio
# may be anything where its divisor comes near zero.
OUTERMOST = 0.002
# A formula of which single columns explain all but this share has nothing of its own.
LEAST_OWN = 1e-3


@dataclass(frozen=True)
class Bred:
    """Formulas that are of use beside each other, best first; mostly none.

    ``share`` is what they explain of what single columns leave unexplained, noise included, on
    rows that they were not bred on.
    """

    expressions: tuple[str, ...] = ()
    share: float = 0.0


def breed(X: Matrix, targets: Matrix, seed: int) -> Bred:
    """Breed formulas over the columns of a matrix.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_columns)
        Missing values count as their column's median.
    targets : ndarray of shape (n_samples, n_targets)
        Any of them may be explained: a column per class, or a number and its rank.
    seed : int

    Returns
    -------
    Bred
    """
    if len(X) < FEWEST_ROWS or X.shape[1] < 2:
        return Bred()
    drawn = np.random.default_rng(seed).permutation(len(X))[: 2 * MOST_ROWS]
    # Sums in another order are other numbers: one thread. Formulas overflow, as they may.
    with threadpool_limits(1), np.errstate(all="ignore"):
        X = np.clip(_complete(X[drawn]), -LARGEST, LARGEST)
        targets = targets[drawn] / np.maximum(np.abs(targets[drawn]).max(axis=0), TINY)
        half = len(drawn) // 2
        halves = slice(0, half), slice(half, None)
        # A class that is all in one half can be bred for and not proved, or the reverse.
        varying = [np.ptp(targets[rows], axis=0) > 0 for rows in halves]
        targets = targets[:, varying[0] & varying[1]]
        columns = _promising(X, targets) if targets.shape[1] else []
        if len(columns) < 2:
            return Bred()
        first, second = (_Half.of(X[rows], targets[rows], columns) for rows in halves)
        return _Breeding(first, second, columns, Random(seed), X.shape[1]).run()


@dataclass
class _Half:
    """Half of the rows: the columns, and the targets without what is explained already."""

    X: Matrix
    residuals: Matrix
    basis: Matrix
    size: Matrix  # of each target's residual before any formula

    @classmethod
    def of(cls, X: Matrix, targets: Matrix, columns: Sequence[int]) -> "_Half":
        basis = _orthonormal(_curves(X[:, columns]))
        centred = targets - targets.mean(axis=0)
        residuals = _without(centred / np.maximum(centred.std(axis=0), TINY), basis)
        return cls(X, residuals, basis, np.maximum((residuals**2).sum(axis=0), 1e-12))

    def explained(self, texts: Sequence[str]) -> Matrix:
        """Return what each formula adds to what is explained of each target.

        It is a share of what single columns leave unexplained.
        """
        return np.asarray((self._own(texts).T @ self.residuals) ** 2 / self.size)

    def add(self, text: str) -> None:
        """Let a formula explain what it can."""
        own = self._own([text])
        self.basis = np.hstack([self.basis, own])
        self.residuals = _without(self.residuals, own)

    def _own(self, texts: Sequence[str]) -> Matrix:
        """Return what the basis does not explain of formulas, each of length one or zero."""
        values = _standardised(np.column_stack([parse(text).values(self.X) for text in texts]))
        own = _without(values, self.basis)
        size = (own**2).sum(axis=0)
        enough = size > LEAST_OWN * len(values)
        return np.where(enough, own / np.sqrt(np.where(enough, size, 1.0)), 0.0)


@dataclass
class _Breeding:
    """The generations of formulas, bred on one half of the rows and proved on the other."""

    breeding: _Half
    proving: _Half
    columns: Sequence[int]
    rng: Random
    n_columns: int
    scores: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Its columns are all that a move may bring in: none but the promising ones.
        self._trees = Trees(Expressions(self.n_columns), self.rng, self.columns)
        self._names = tuple(f"x{column}" for column in self.columns)

    def run(self) -> Bred:
        useful: list[str] = []
        self._score(self._pairs())
        for _ in range(MOST_EXPRESSIONS):
            for generation in range(MORE_GENERATIONS if useful else GENERATIONS):
                if generation == HOPE and not useful and not self._promise():
                    return Bred()
                self._score(self._children())
            best = self._pruned(self._best(1)[0])
            share = 1.0 if useful else FIRST_GAIN / LEAST_GAIN
            if self.scores[best] <= 0 or not self._proves(best, share):
                break
            useful.append(best)
            for half in (self.breeding, self.proving):
                half.add(best)
            if len(useful) == ENOUGH and self._share() < MOST_OF_IT:
                break
            texts, self.scores = self._best(4 * SURVIVORS), {}
            self._score(texts)
        share = self._share()
        return Bred(tuple(useful), share) if share > LEAST_SHARE else Bred()

    def _promise(self) -> bool:
        return self._proves(self._best(1)[0], HALF * FIRST_GAIN / LEAST_GAIN)

    def _share(self) -> float:
        left = (self.proving.residuals**2).sum(axis=0) / self.proving.size
        return 1.0 - float(left.min())

    def _pruned(self, text: str) -> str:
        """Return a formula with none of its operators superfluous."""
        while True:
            shorter = sorted(set(_shortened(parse(text))) - {text})
            self._score(shorter)
            known = [t for t in shorter if t in self.scores]
            better = [t for t in known if self.scores[t] >= self.scores[text]]
            if not better:
                return text
            text = max(better, key=lambda one: self.scores[one])

    def _proves(self, text: str, share: float = 1.0) -> bool:
        explained = float(self.proving.explained([text]).max())
        return explained > share * max(LEAST_GAIN, ABOVE_NOISE / len(self.proving.X))

    def _pairs(self) -> list[str]:
        """Return every operator over every pair of columns, but sums, which explain nothing."""
        pairs = []
        for name, operator in OPERATORS.items():
            if operator.arity == 2 and name not in ("add", "sub"):
                for i, first in enumerate(self._names):
                    others = self._names if name == "div" else self._names[i + 1 :]
                    pairs += [f"{name}({first}, {other})" for other in others if other != first]
        return pairs

    def _children(self) -> list[str]:
        parents = self._best(SURVIVORS)
        children = []
        for _ in range(CHILDREN):
            # Tournaments of two on the list, which is sorted.
            first, second = (
                parents[min(self.rng.randrange(len(parents)) for _ in range(2))]
                for _ in range(2)
            )
            draw = self.rng.random()
            if draw < 0.35:
                child = self._joined(first, second)
            elif draw < 0.7:
                child = self._trees.mutated(first)
            else:
                child = self._trees.crossed(first, second)
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
        domain = self._trees.domain
        unknown = (t for t in dict.fromkeys(texts) if t not in self.scores)
        # What a single column tells by itself needs no formula.
        new = [t for t in unknown if domain.allows(t) and len(parse(t).columns) > 1]
        for start in range(0, len(new), 256):
            part = new[start : start + 256]
            explained = self.breeding.explained(part).max(axis=1)
            for text, share in zip(part, explained, strict=True):
                self.scores[text] = float(share) * (1 - PARSIMONY * parse(text).size)

    def _best(self, n_wanted: int) -> list[str]:
        """Return the best formulas, but of those with the same score only the first."""
        ordered = sorted(self.scores, key=lambda text: -self.scores[text])
        different = {round(self.scores[text], 9): text for text in reversed(ordered)}
        return sorted(different.values(), key=lambda text: -self.scores[text])[:n_wanted]


def _shortened(expression: Expression) -> Iterator[str]:
    """Yield the formula with one of its operators left out, each part of it in its place."""
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
    """Return columns with mean 0 and variance 1, their outermost values drawn in."""
    low, high = np.quantile(values, [OUTERMOST, 1 - OUTERMOST], axis=0)
    # Where nearly all values are alike the others are what there is to see.
    kept = np.where(high > low, np.clip(values, low, high), values)
    centred = kept - kept.mean(axis=0)
    spread = centred.std(axis=0)
    return np.where(spread > 0, centred / np.where(spread > 0, spread, 1.0), 0.0)


def _curves(X: Matrix) -> Matrix:
    """Return columns that any sum of broken lines of single columns is a blend of."""
    values = _standardised(X)
    # Of few rows curves of many pieces would explain anything.
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

    Where there are many, those by which shallow random trees tell most of the targets.
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
