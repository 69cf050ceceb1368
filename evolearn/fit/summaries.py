"""Small summaries that are made at the end of a fit, for what the model does not keep."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from evolearn.ensemble.final_models import FinalModels
from evolearn.ensemble.library import Entry
from evolearn.ensemble.selection import MOST_NUMBERS, MOST_ROWS
from evolearn.fit.setup import Plan
from evolearn.pipeline.genome import Genome


def residual_correlation(plan: Plan, final: FinalModels | None) -> dict[str, Any]:
    """Return weights of the ensemble's members and the correlation of their residuals.

    Returns
    -------
    dict
        ``"candidate"`` and ``"weight"``, ndarrays of shape (n_members,), and
        ``"correlation"`` of shape (n_members, n_members), NaN for members without out-of-fold
        predictions or of constant residuals. A single model has no members.
    """
    weights: dict[int, float] = {}
    entries: dict[int, Entry] = {}
    if final is not None and plan.settings.final_model == "ensemble":
        for member in final.members:
            number = member.entry.number
            weights[number] = weights.get(number, 0.0) + member.weight
            entries[number] = member.entry
    return {
        "candidate": np.array(list(weights), dtype=int),
        "weight": np.array(list(weights.values()), dtype=float),
        "correlation": _correlation(plan, list(entries.values())),
    }


def _correlation(plan: Plan, entries: Sequence[Entry]) -> Any:
    scored, task = plan.folds.scored, plan.data.task
    # Every so many rows: some of all folds, and the same ones each time.
    most = min(MOST_ROWS, MOST_NUMBERS // task.width)
    rows = np.arange(0, len(scored), max(1, -(-len(scored) // most)))
    correlation = np.full((len(entries), len(entries)), np.nan)
    known = [i for i, entry in enumerate(entries) if entry.evaluation.predictions is not None]
    if known:
        perfect = task.perfect_predictions(plan.data.target[scored[rows]])
        residuals = [(entries[i].predictions[rows] - perfect).ravel() for i in known]
        with np.errstate(invalid="ignore", divide="ignore"):
            correlation[np.ix_(known, known)] = np.corrcoef(residuals)
    return correlation


def made_columns(plan: Plan, genomes: Sequence[Genome]) -> dict[str, Mapping[str, str]]:
    """Return the columns that the genomes make, readable, by gene and text in ``params``."""
    schema = plan.data.prepared.schema
    numbers = schema.names[: schema.n_numeric]
    categories = schema.names[schema.first_code :]
    made: dict[str, Mapping[str, str]] = {}
    for gene in plan.space.genes:
        alleles = (genome[gene.name] for genome in genomes if gene.name in genome)
        found: dict[str, str] = {}
        for allele in alleles:
            found |= gene.made_columns(allele, numbers, categories)
        if found:
            made[gene.name] = found
    return made
