"""Gains of the columns that evolved pipelines make, from comparisons of candidates."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
from scipy.special import stdtrit

from evolearn.data import TableSchema
from evolearn.pipeline.genome import Genome
from evolearn.pipeline.search_space import SearchSpace
from evolearn.results.insights import MadeColumn
from evolearn.search.record import Record
from evolearn.tasks.predictions import Floats

MOST_MADE_COLUMNS = 20
# Most partners of a candidate, and most pairs of a search, which take a fifth of a second.
MOST_PARTNERS, MOST_PAIRS = 10, 5_000
# Share of the gains over other folds that the interval of a gain is made to cover.
COVERAGE = 0.9

# A made column: the gene, and the formula with the names of columns.
_Column = tuple[str, str]


def made_columns_of(
    records: Sequence[Record],
    weights: Mapping[int, float],
    space: SearchSpace,
    schema: TableSchema,
    error_of: Callable[[float], float],
) -> tuple[MadeColumn, ...]:
    """Return the columns that candidates make, those of the ensemble first.

    Parameters
    ----------
    records : sequence of Record
    weights : dict of int to float
        Weights in the ensemble by the number of the candidate.
    space : SearchSpace
    schema : TableSchema
    error_of : callable
        Returns the error of a score.
    """
    made = [_made(record.candidate.genome, space, schema) for record in records]
    gains = _gains(records, made, error_of)
    users: dict[_Column, list[int]] = {column: [] for one in made for column in sorted(one)}
    for record, one in zip(records, made, strict=True):
        if record.evaluation.error is not None:
            for column in one:
                users[column].append(record.candidate.number)
    columns = []
    for (gene, formula), numbers in users.items():
        mean, lower, upper = _mean_of_folds(gains[gene, formula])
        columns.append(
            MadeColumn(
                formula=formula,
                gene=gene,
                n_candidates=len(numbers),
                weight=float(sum(weights.get(number, 0.0) for number in numbers)),
                gain=mean,
                lower=lower,
                upper=upper,
                n_pairs=len(gains[gene, formula]),
            )
        )
    columns.sort(key=lambda one: (-one.weight, np.inf if one.gain is None else -one.gain))
    return tuple(columns[:MOST_MADE_COLUMNS])


def _made(genome: Genome, space: SearchSpace, schema: TableSchema) -> frozenset[_Column]:
    """Return the columns that a candidate makes."""
    return frozenset(
        (gene.name, formula)
        for gene in space.genes
        if gene.name in genome
        for formula in gene.made_columns(genome[gene.name], schema)
    )


def _gains(
    records: Sequence[Record],
    made: Sequence[frozenset[_Column]],
    error_of: Callable[[float], float],
) -> dict[_Column, list[Floats]]:
    """Return the gains of each column, by pair of candidates and fold.

    A pair that differs in several columns counts for each of them in equal parts.
    """
    gains: dict[_Column, list[Floats]] = {column: [] for one in made for column in one}
    for first, second in _pairs(records, made):
        gained, lost = made[second] - made[first], made[first] - made[second]
        gain = _gain(records[first], records[second], error_of) / len(gained | lost)
        if np.isfinite(gain).any():
            for column in gained:
                gains[column].append(gain)
            for column in lost:
                gains[column].append(-gain)
    return gains


def _pairs(
    records: Sequence[Record], made: Sequence[frozenset[_Column]]
) -> Iterator[tuple[int, int]]:
    """Yield pairs of candidates that are the same but for the columns that they make.

    Each candidate has few partners: the one with the fewest columns, and those before it, which
    often are its parents.
    """
    makers = {gene for one in made for gene, _ in one}
    groups: dict[tuple[tuple[str, ...], Genome | None], list[int]] = {}
    for i, record in enumerate(records):
        genome = record.candidate.genome
        rest = tuple(f"{gene}={genome[gene]}" for gene in genome if gene not in makers)
        groups.setdefault((rest, genome.parent), []).append(i)
    n_partners = max(1, min(MOST_PARTNERS, MOST_PAIRS // max(1, len(records))))
    for group in groups.values():
        plainest = min(group, key=lambda i: len(made[i]))
        for place, j in enumerate(group):
            for i in {plainest, *group[max(0, place - n_partners + 1) : place]}:
                if i != j and made[i] != made[j]:
                    yield (i, j) if len(made[i]) <= len(made[j]) else (j, i)


def _gain(first: Record, second: Record, error_of: Callable[[float], float]) -> Floats:
    """Return the share of the first error that the second one is lower by, for each fold.

    Candidates that were given up are compared on the folds that both ran; others are NaN.
    """
    before, after = first.evaluation.scores, second.evaluation.scores
    n_folds = max(len(before), len(after))
    scores = np.full((2, n_folds), np.nan)
    scores[0, : len(before)], scores[1, : len(after)] = before, after
    both = np.isfinite(scores).all(axis=0)
    error = abs(error_of(float(scores[0, both].mean()))) if both.any() else 0.0
    return (scores[1] - scores[0]) / error if error > 0 else np.full(n_folds, np.nan)


def _mean_of_folds(gains: Sequence[Floats]) -> tuple[float | None, float | None, float | None]:
    """Return the mean gain and Student's interval of it over the folds, None if unknown."""
    if not gains:
        return None, None, None
    n_folds = max(map(len, gains))
    table = np.full((len(gains), n_folds), np.nan)
    for row, gain in zip(table, gains, strict=True):
        row[: len(gain)] = gain
    table = table[:, np.isfinite(table).any(axis=0)]
    folds = np.nanmean(table, axis=0)
    mean, n = float(folds.mean()), len(folds)
    if n < 2:
        return mean, None, None
    width = float(stdtrit(n - 1, (1 + COVERAGE) / 2) * folds.std(ddof=1) / np.sqrt(n))
    return mean, mean - width, mean + width
