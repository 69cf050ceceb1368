"""The error estimate: what the choice on the scored rows flatters, and its standard error."""

from dataclasses import replace

import numpy as np
import pytest

from evolearn.ensemble.error_estimate import SearchOutcome, estimate_error
from evolearn.ensemble.final_models import FinalModels, Member
from evolearn.ensemble.library import Entry
from evolearn.ensemble.selection import OutOfFold, select
from evolearn.ensemble.stacking import StackingLayer
from evolearn.evaluation.candidate import Candidate
from evolearn.evaluation.folds import Folds, make_folds
from evolearn.evaluation.tasks import Evaluation
from evolearn.pipeline.genome import Allele, Genome
from evolearn.tasks import Classification, Regression

CLASSES = np.array([0, 1])


def outcome_of(y, library, task, scoring=None, folds=None, single=False, in_fold=0):
    """The outcome of a search whose candidates made these out-of-fold predictions."""
    folds = folds or make_folds(4, y, y, None, task=task, default_folds=4, seed=0)
    scorer = OutOfFold(task.objective(scoring), folds, y, task, None, seed=0)
    entries = []
    for number, predictions in enumerate(library):
        errors = [scorer.among(scorer.fold == f).error(predictions[scorer.positions][rows])
                  for f, rows in enumerate(folds.bounds)]  # fmt: skip
        optimum = scorer.objective.optimum
        evaluation = Evaluation(
            tuple(optimum - e for e in errors), "scored", float(np.mean(errors)),
            (0.1,), (0.1,), predictions,
        )  # fmt: skip
        genome = Genome((("estimator", Allele(f"e{number}")),))
        entries.append(Entry(Candidate(number, 0, genome, "portfolio"), evaluation))
    entries.sort(key=lambda entry: entry.error)
    chosen, sharpness = [(1.0, entries[0])], 1.0
    if not single:
        selection = select([entry.predictions for entry in entries], scorer)
        pairs = zip(selection.weights, selection.members, strict=True)
        chosen, sharpness = [(w, entries[m]) for w, m in pairs], selection.sharpness
    members = [Member(weight, entry, None, in_fold) for weight, entry in chosen]
    final = FinalModels(Member(1.0, entries[0], None, in_fold), members, sharpness=sharpness)
    evaluations = [entry.evaluation for entry in entries]
    return SearchOutcome(final, entries, evaluations, scorer, folds, len(y), 0, baseline=3.0)


def guesses(n_rows=200, n_candidates=25, seed=0):
    """Classes that nothing predicts, and candidates that guess."""
    rng = np.random.default_rng(seed)
    chances = rng.uniform(0.2, 0.8, (n_candidates, n_rows))
    return rng.integers(0, 2, n_rows), [np.column_stack([1 - p, p]) for p in chances]


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize("n_folds", [1, 4])
def test_the_choice_among_guesses_is_corrected(single, n_folds):
    naive, corrected = [], []
    task = Classification(CLASSES)
    for seed in range(10):
        y, library = guesses(n_candidates=10, seed=seed)
        folds = make_folds(4, y, y, None, task=task, default_folds=4, seed=0)
        if n_folds == 1:
            every = np.arange(len(y))
            folds = Folds((every,), (every,))
        found = estimate_error(outcome_of(y, library, task, "roc_auc", folds, single))
        naive.append(found.naive)
        corrected.append(found.corrected)
    assert np.mean(naive) < 0.45
    assert np.mean(corrected) == pytest.approx(0.5, abs=0.04)


def test_the_choice_of_a_stacking_layer_is_corrected():
    y, library = guesses()
    outcome = outcome_of(y, library, Classification(CLASSES), "roc_auc")
    offers = {f"model{i}": predictions for i, predictions in enumerate(library)}
    selection = select(library, outcome.scorer)
    names = [f"model{i}" for i in selection.members]
    weights = dict(zip(names, selection.weights, strict=True))
    layer = StackingLayer(weights, {}, selection.sharpness, offers)
    found = estimate_error(replace(outcome, final=replace(outcome.final, stacking=layer)))
    assert found.naive == pytest.approx(selection.error)
    assert found.corrected > found.naive + 0.04


def noisy(n_rows=400, seed=0):
    """Numbers, and candidates whose predictions miss them by about one."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=n_rows)
    return y, [y + rng.normal(size=n_rows) for _ in range(3)]


def in_order_of_folds(y, library, task):
    folds = make_folds(4, y, y, None, task=task, default_folds=4, seed=0)
    return [predictions[folds.scored] for predictions in library]


def test_the_standard_error_is_that_of_a_sample_of_rows():
    y, library = noisy()
    library = in_order_of_folds(y, library, Regression())
    outcome = outcome_of(y, library, Regression(), single=True)
    found = estimate_error(outcome)
    assert found.corrected == pytest.approx(1.0, abs=0.12)
    # The deviation of a root of the mean of n squares of normal numbers is 1 / sqrt(2 n).
    assert found.standard_error == pytest.approx(1 / np.sqrt(800), rel=0.35)


def test_rows_that_depend_on_each_other_count_by_folds():
    y, library = noisy()
    library = in_order_of_folds(y, library, Regression())
    outcome = outcome_of(y, library, Regression(), single=True)
    scores = outcome.final.best.entry.evaluation.scores
    found = estimate_error(replace(outcome, grouped=True))
    assert found.standard_error == pytest.approx(np.std(scores, ddof=1) / 2)


def test_models_fitted_on_more_rows_than_those_of_the_folds_are_better():
    y, library = noisy()
    of_folds = estimate_error(outcome_of(y, library, Regression()))
    on_all = estimate_error(outcome_of(y, library, Regression(), in_fold=None))
    assert on_all.corrected < of_folds.corrected
    assert on_all.naive == of_folds.naive


def test_the_further_below_the_baseline_the_more_is_learned_from_rows():
    y, library = noisy()
    outcome = outcome_of(y, library, Regression(), in_fold=None)
    good, better, unknown = (
        estimate_error(replace(outcome, baseline=baseline)).corrected
        for baseline in (3.0, 9.0, np.nan)
    )
    assert better < good < unknown
    no_better = estimate_error(replace(outcome, baseline=0.1))
    assert no_better.corrected == unknown
    # A power of at most one of the rows: a quarter of them is left out in each fold.
    perfect = estimate_error(replace(outcome, baseline=1e9))
    assert perfect.corrected == pytest.approx(0.75**0.5 * unknown)


def test_a_candidate_that_fails_on_one_fold_does_not_spoil_the_estimate():
    y, library = noisy()
    library.append(y + 1.2 * np.random.default_rng(1).normal(size=len(y)))
    library = in_order_of_folds(y, library, Regression())
    library[-1][:5] = 1e4  # a good member where the first fold is left out
    found = estimate_error(outcome_of(y, library, Regression()))
    assert found.naive <= found.corrected < 1.2


def test_the_same_seed_gives_the_same_estimate():
    y, library = guesses()
    outcome = outcome_of(y, library, Classification(CLASSES), "roc_auc")
    assert estimate_error(outcome) == estimate_error(outcome)


def test_the_parts_that_were_done_in_time_make_an_estimate():
    y, library = guesses()
    outcome = outcome_of(y, library, Classification(CLASSES), "roc_auc")
    calls = iter(range(1000))
    found = estimate_error(outcome, lambda: next(calls) > 15)  # ten steps of each part
    assert found.corrected > found.naive


def failing(estimator, X, y):
    raise RuntimeError("no table")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"folds": Folds((np.arange(200),) * 2, (np.arange(200),) * 2)}, "more than once"),
        ({"late": lambda: True}, "no time left"),
        ({"fails": True}, "cannot be computed"),
    ],
)
def test_the_reason_is_given_where_there_is_none(change, reason):
    y, library = guesses()
    task = Classification(CLASSES)
    outcome = outcome_of(y, library, task, "roc_auc")
    if "folds" in change:
        outcome = replace(outcome, folds=change["folds"])
    if "fails" in change:
        outcome.scorer.objective = replace(outcome.scorer.objective, scorer=failing, fast=None)
    found = estimate_error(outcome, change.get("late", lambda: False))
    assert found.corrected is None
    assert reason in found.reason
