"""Accounts of a search: what was tried, and why a model or a gene is not in the result."""

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any

import numpy as np

from evolearn.messages import shown
from evolearn.pipeline.gene import Gene
from evolearn.pipeline.registry import registered_families
from evolearn.pipeline.search_space import SearchSpace
from evolearn.results.numbers import error_text, seconds_text
from evolearn.results.outcomes import RACED, TOO_SLOW, has_failed
from evolearn.results.search_explanation import (
    ESTIMATOR,
    PartOfSearch,
    SearchExplanation,
    behind,
    grouped,
    reasons,
)

# Similar names that are proposed for an unknown one.
MOST_SIMILAR = 3
MINUTE = 60.0
OPTIONAL = "its library {library} is not installed; pip install 'evolearn[boosting]'"
UNUSED = "no estimator of the search space uses it"
NO_USER = "it is not in the search space that was passed"


@dataclass(frozen=True, eq=False)
class SearchFacts:
    """The facts about a finished search, as fitted attributes have them.

    Attributes
    ----------
    results : dict of arrays
        As ``cv_results_``.
    weights : dict of int to float
        Weights in the ensemble by the number of the candidate.
    space : SearchSpace
        As ``search_space_``.
    task : str
        The task whose model families were searched.
    best_fitness : float
        Error of the best single candidate, NaN if there is none.
    stop_reason : str
    metric : str
        Name of the metric, empty if it is not known.
    interval : tuple of float or None
        Bounds of the estimated error of the model, if there are any.
    """

    results: Mapping[str, Any]
    weights: Mapping[int, float]
    space: SearchSpace
    task: str
    best_fitness: float
    stop_reason: str
    metric: str = ""
    interval: tuple[float, float] | None = None

    @property
    def best(self) -> float | None:
        """The best error, None if there is none."""
        return self.best_fitness if math.isfinite(self.best_fitness) else None


def explain_search(facts: SearchFacts) -> SearchExplanation:
    """Return the account of a search by estimators and genes."""
    parts = [_part(facts, ESTIMATOR, name) for name in facts.space.names]
    parts += _absent_estimators(facts)
    parts.sort(key=lambda one: (one.best_fitness is None, one.best_fitness, not one.n_tried))
    for gene in facts.space.genes:
        parts += _options(facts, gene)
    n_candidates = len(facts.results["params"])
    return SearchExplanation(tuple(parts), facts.best, n_candidates, facts.metric)


def _options(facts: SearchFacts, gene: Gene) -> Iterator[PartOfSearch]:
    """Yield the options of a gene, without those that are made for other tasks."""
    there = {component.name for component in facts.space.preparation[gene.name]}
    slots = [facts.space.slots_of(name) for name in facts.space.names]
    used = {option for of_estimator in slots for option in of_estimator.get(gene.name, ())}
    for component in gene.components:
        part = _part(facts, gene.name, component.name)
        if component.tasks is not None and facts.task not in component.tasks:
            continue
        if component.name not in there:
            part = _absent(facts, part)
        elif component.name not in used and not part.n_tried:
            part = replace(part, absent=UNUSED)
        yield part


def _part(facts: SearchFacts, role: str, name: str) -> PartOfSearch:
    """Return the part of an estimator or an option in a search."""
    results = facts.results
    rows = [i for i, p in enumerate(results["params"]) if p.get(role) == name]
    fitness = np.asarray(results["fitness"], dtype=float)[rows]
    status = [results["status"][i] for i in rows]
    failed = [i for i in rows if has_failed(results["status"][i])]
    numbers = [int(results["candidate"][i]) for i in rows]
    best = None if np.isnan(fitness).all() else int(np.nanargmin(fitness))
    return PartOfSearch(
        name=name,
        role=role,
        n_tried=len(rows),
        n_raced=status.count(RACED),
        n_slow=status.count(TOO_SLOW),
        n_failed=len(failed),
        best_fitness=None if best is None else float(fitness[best]),
        best_candidate=None if best is None else numbers[best],
        seconds=float(sum(_seconds(results, i) for i in rows)),
        weight=float(sum(facts.weights.get(number, 0.0) for number in numbers)),
        failures=grouped(results["failure"][i] or results["status"][i] for i in failed),
    )


def _seconds(results: Mapping[str, Any], row: int) -> float:
    """Return the seconds of a candidate: measured by the clock, else those of its folds."""
    if "end_seconds" in results:
        seconds = float(results["end_seconds"][row] - results["start_seconds"][row])
    else:
        folds = [key for key in results if re.fullmatch(r"split\d+_test_score", key)]
        n_run = sum(bool(np.isfinite(results[key][row])) for key in folds)
        of_fold = results["mean_fit_time"][row] + results["mean_score_time"][row]
        seconds = float(of_fold * max(n_run, 1))
    return seconds if math.isfinite(seconds) else 0.0


def _absent_estimators(facts: SearchFacts) -> Iterator[PartOfSearch]:
    """Yield the estimators that are not in the space, with the reason."""
    options = {c.name for gene in facts.space.genes for c in gene.components}
    families = {f.name: f for f in registered_families() if facts.task in f.models}
    for name, reason in facts.space.left_out.items():
        if name not in options:
            yield PartOfSearch(name, ESTIMATOR, absent=reason)
    for name, family in families.items():
        if name not in facts.space.names and name not in facts.space.left_out:
            reason = NO_USER if family.is_usable else OPTIONAL.format(library=family.library)
            yield PartOfSearch(name, ESTIMATOR, absent=reason)


def _of_other_tasks(facts: SearchFacts) -> list[PartOfSearch]:
    """Return the families that have no model for the task."""
    return [
        PartOfSearch(family.name, ESTIMATOR, absent=f"it is not made for {facts.task}")
        for family in registered_families()
        if facts.task not in family.models
    ]


def _absent(facts: SearchFacts, part: PartOfSearch) -> PartOfSearch:
    reason = facts.space.left_out.get(part.name, NO_USER)
    return PartOfSearch(part.name, part.role, absent=reason)


# -- why not? -------------------------------------------------------------------------------


def why_not(facts: SearchFacts, name: str) -> str:
    """Return the reason why an estimator, an option or a gene is not in the best pipeline.

    Raises
    ------
    ValueError
        If the name is unknown; the message has the nearest names.
    """
    explanation = explain_search(facts)
    parts = _resolved(name, [*explanation.parts, *_of_other_tasks(facts)])
    if len(parts) > 1 and not parts[0].is_estimator:
        return _sentence_of_gene(parts)
    best = next((p for p in explanation.parts if p.is_estimator and p.n_tried), None)
    sentences = [_sentence(part, facts, best) for part in parts[:MOST_SIMILAR]]
    if more := [part.name for part in parts[MOST_SIMILAR:]]:
        sentences.append(f"See also {', '.join(more)}.")
    return " ".join(sentences)


def _resolved(name: str, parts: Sequence[PartOfSearch]) -> list[PartOfSearch]:
    """Return the parts that a name means: a component, a gene, an alias, or a class."""
    known: dict[str, list[PartOfSearch]] = {}
    for part in parts:
        known.setdefault(_key(part.name), []).append(part)
        if not part.is_estimator:
            known.setdefault(_key(part.role), []).append(part)
    aliases = {family.name: set(map(_key, family.aliases)) for family in registered_families()}
    own = set(known)
    for part in parts:  # the best first
        for alias in (aliases.get(part.name, set()) if part.is_estimator else set()) - own:
            known.setdefault(alias, []).append(part)
    for key in (_key(name), re.sub(r"(classifier|regressor)$", "", _key(name))):
        if key in known:
            return known[key]
    spelled = {_key(part.name): part.name for part in parts}
    spelled |= {_key(part.role): part.role for part in parts if not part.is_estimator}
    similar = get_close_matches(_key(name), list(known), n=MOST_SIMILAR, cutoff=0.6)
    near = list(dict.fromkeys(spelled.get(key, known[key][0].name) for key in similar))
    hint = f"did you mean {' or '.join(near)}?" if near else "explain_search() lists all names."
    msg = f"There is no estimator, gene or option {shown(name)}; {hint}"
    raise ValueError(msg)


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _sentence(part: PartOfSearch, facts: SearchFacts, best: PartOfSearch | None) -> str:
    """Return a sentence or three on one part."""
    if part.absent:
        return f"{part.name} was left out: {part.absent}."
    if not part.n_tried:
        return (
            f"{part.name} was not tried before the search ended ({facts.stop_reason}); "
            "a longer search may try it."
        )
    times = "once" if part.n_tried == 1 else f"{part.n_tried} times"
    sentences = [f"{part.name} was tried {times} in {_time(part.seconds)}"]
    if part.best_fitness is None:
        sentences[0] += ", and no candidate was scored on all folds."
    else:
        best_error = f"{error_text(part.best_fitness)}{_distance(part, facts, best)}"
        sentences[0] += f"; its best error is {best_error}."
    if part.n_raced:
        were = "was" if part.n_raced == 1 else "were"
        sentences.append(
            f"{_candidates(part.n_raced)} {were} given up after some folds, far behind others."
        )
    if part.n_slow:
        were = "was" if part.n_slow == 1 else "were"
        sentences.append(
            f"{_candidates(part.n_slow)} {were} given up as too slow for the time there was."
        )
    if part.n_failed:
        sentences.append(f"{_candidates(part.n_failed)} failed: {reasons(part.failures)}.")
    if part.weight > 0:
        sentences.append(f"It has a weight of {part.weight:.0%} in the ensemble.")
    return " ".join(sentences)


def _sentence_of_gene(parts: Sequence[PartOfSearch]) -> str:
    """Return sentences on all options of a gene, those with the lowest error first."""
    tried = sorted(
        (part for part in parts if part.n_tried),
        key=lambda one: (one.best_fitness is None, one.best_fitness),
    )
    sentences = []
    if tried:
        options = ", ".join(_option(part) for part in tried)
        sentences.append(f"The gene {parts[0].role} was tried with {options}.")
    untried = [part.name for part in parts if not part.n_tried and not part.absent]
    if untried:
        sentences.append(f"Not tried before the end: {', '.join(untried)}.")
    left_out: dict[str, list[str]] = {}
    for part in parts:
        if part.absent:
            left_out.setdefault(part.absent, []).append(part.name)
    sentences += [f"Left out: {', '.join(ns)} ({why})." for why, ns in left_out.items()]
    return " ".join(sentences)


def _option(part: PartOfSearch) -> str:
    best = (
        "none scored"
        if part.best_fitness is None
        else f"best error {error_text(part.best_fitness)}"
    )
    return f"{part.name} ({_candidates(part.n_tried)}, {best})"


def _time(seconds: float) -> str:
    return seconds_text(seconds) if seconds >= MINUTE else f"{seconds:.2g} s"


def _candidates(number: int) -> str:
    return "1 candidate" if number == 1 else f"{number} candidates"


def _distance(part: PartOfSearch, facts: SearchFacts, best: PartOfSearch | None) -> str:
    """Return the distance of a part from the best candidate, and from the estimated error."""
    assert part.best_fitness is not None  # only scored parts have a distance
    if facts.best is not None and part.best_fitness <= facts.best:
        return ", which is that of the best candidate"
    share = behind(part.best_fitness, facts.best)
    winner = (
        ""
        if best is None or facts.best is None
        else f" ({best.name}, {error_text(facts.best)})"
    )
    above = f", {share:.1%} above the best candidate{winner}" if share else ""
    if facts.interval is None:
        return above
    low, high = facts.interval
    place = "within" if low <= part.best_fitness <= high else "outside"
    bounds = f"{error_text(low)} to {error_text(high)}"
    return f"{above}, and {place} the interval of the model's error, {bounds}"
