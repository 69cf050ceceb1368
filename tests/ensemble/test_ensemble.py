"""Ensemble selection, the library, and the model that serves."""

import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LinearRegression, LogisticRegression

from evolearn.ensemble.final_models import fit_final_models
from evolearn.ensemble.library import Entry, Library
from evolearn.ensemble.planner import FinalModelsPlanner
from evolearn.ensemble.selection import OutOfFold, library_size, select
from evolearn.ensemble.selection_options import EnsembleOptions, choose
from evolearn.evaluation.candidate import Candidate
from evolearn.evaluation.folds import make_folds
from evolearn.evaluation.tasks import Evaluation
from evolearn.exceptions import EvolearnWarning
from evolearn.execution.budget import Budget
from evolearn.pipeline.genome import Allele, Genome
from evolearn.tasks import Classification, Regression
from evolearn.tasks.classifiers import EnsembleClassifier
from evolearn.tasks.regressors import EnsembleRegressor


def out_of_fold(y, scoring="neg_root_mean_squared_error", classes=None):
    task = Regression() if classes is None else Classification(classes)
    folds = make_folds(4, y, y, None, task=task, default_folds=4, seed=0)
    return OutOfFold(task.objective(scoring), folds, y, task, None, seed=0), folds


def genome_of(estimator):
    return Genome((("estimator", Allele(estimator)),))


def entry(number, error, predictions=None, path=None, estimator=None):
    genome = genome_of(estimator or f"e{number}")
    size = 0 if path is None else path.stat().st_size
    evaluation = Evaluation(
        (-error,), "scored", error, (0.1,), (0.1,), predictions, models_bytes=size
    )
    return Entry(Candidate(number, 0, genome, "portfolio"), evaluation, path)


class AsLong:
    """Final fits take as long as those in a fold."""

    def refit_ratio(self, genome):
        return 1.0

    def lineage_ratio(self, genome):
        return 1.0


def planner(library, scorer=None, seconds=None, n_workers=1, **options):
    options = EnsembleOptions(scorer, 25, **options)
    return FinalModelsPlanner(library, options, AsLong(), Budget(seconds), n_workers)


def raced_entry(number, scores):
    """An entry with a score per fold."""
    genome = Genome((("estimator", Allele(f"e{number}")),))
    error = -sum(scores) / len(scores)
    evaluation = Evaluation(scores, "scored", error, (0.1, 0.1), (0.1, 0.1))
    return Entry(Candidate(number, 0, genome, "portfolio"), evaluation)


def test_members_that_err_in_opposite_ways_are_combined():
    y = np.linspace(0, 1, 40)
    scorer, folds = out_of_fold(y)
    truth = y[folds.scored]
    selection = select([truth + 1.0, truth - 1.0, truth + 5.0], scorer)
    assert sorted(selection.members) == [0, 1]
    assert selection.weights == (0.5, 0.5)
    assert selection.error == pytest.approx(0.0, abs=1e-12)


def test_of_equals_the_smaller_ensemble_is_taken():
    y = np.linspace(0, 1, 40)
    scorer, folds = out_of_fold(y)
    same = y[folds.scored] + 0.1
    selection = select([same, same.copy(), same.copy()], scorer)
    assert selection.members == (0,)
    assert selection.weights == (1.0,)


@pytest.mark.parametrize("slack", [0.001, 0.05, 0.5])
def test_members_that_hardly_help_are_left_out(slack):
    rng = np.random.default_rng(0)
    y = rng.normal(size=60)
    scorer, folds = out_of_fold(y)
    library = [y[folds.scored] + rng.normal(size=60) * scale for scale in (1, 1, 1, 2, 3)]
    whole, small = select(library, scorer), select(library, scorer, slack=slack)
    assert set(small.members) <= set(whole.members)
    assert whole.error <= small.error <= whole.error * (1 + slack)
    assert sum(small.weights) == pytest.approx(1.0)
    assert len(small.members) < len(whole.members) or slack < 0.05


@given(seed=st.integers(0, 1000))
@settings(max_examples=25, deadline=None)
def test_the_ensemble_is_never_worse_out_of_fold_than_its_best_candidate(seed):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=50)
    scorer, folds = out_of_fold(y)
    truth = y[folds.scored]
    library = [truth + rng.normal(size=50) for _ in range(5)]
    selection = select(library, scorer)
    assert selection.error <= min(scorer.error(p) for p in library) + 1e-12
    assert sum(selection.weights) == pytest.approx(1.0)
    blend = sum(
        w * library[m] for m, w in zip(selection.members, selection.weights, strict=True)
    )
    assert scorer.error(blend) == pytest.approx(selection.error)


@pytest.mark.parametrize("scoring", ["neg_log_loss", "roc_auc", "balanced_accuracy"])
def test_probabilities_are_scored_in_the_metric_asked_for(scoring):
    y = np.repeat(["no", "yes"], 30)
    scorer, folds = out_of_fold(y, scoring, np.array(["no", "yes"]))
    right = (y[folds.scored] == "yes").astype(float)
    good = np.column_stack([1 - right, right]) * 0.8 + 0.1
    assert scorer.error(good) < 0.25
    assert scorer.error(good[:, ::-1]) > 0.9


@pytest.mark.parametrize("scoring", ["roc_auc", "average_precision", "f1"])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
def test_a_rare_class_is_among_the_rows_of_a_large_table_that_are_looked_at(scoring):
    y = np.zeros(50_000, dtype=int)
    y[::10_000] = 1
    scorer, folds = out_of_fold(y, scoring, np.array([0, 1]))
    assert len(scorer.positions) < len(y) / 2
    guesses = np.random.default_rng(0).random((3, len(folds.scored)))
    selection = select([np.column_stack([1 - p, p]) for p in guesses], scorer)
    assert np.isfinite(selection.error)


def test_few_rows_make_no_ensemble_certain():
    y = np.repeat(["no", "yes"], 30)
    scorer, folds = out_of_fold(y, "neg_log_loss", np.array(["no", "yes"]))
    rng = np.random.default_rng(0)
    right = rng.uniform(0.51, 0.95, size=(4, 60))
    said = [np.column_stack([np.where(y[folds.scored] == "no", p, 1 - p)] * 2) for p in right]
    for p in said:
        p[:, 1] = 1 - p[:, 0]
    assert select(said, scorer).sharpness <= 5.0


def test_selection_stops_when_it_is_late():
    y = np.linspace(0, 1, 40)
    scorer, folds = out_of_fold(y)
    rng = np.random.default_rng(0)
    library = [y[folds.scored] + rng.normal(size=40) for _ in range(6)]
    assert len(select(library, scorer, late=lambda: True).members) == 1
    assert len(select(library, scorer).members) > 1


def test_smaller_tables_offer_fewer_candidates():
    sizes = [library_size(n) for n in (50, 300, 2_000, 50_000)]
    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[-1]


def saved(path, size=10):
    path.write_bytes(pickle.dumps(["fold 0", "fold 1"]).ljust(size))
    return path


def test_the_library_keeps_the_best_with_their_fold_models(tmp_path):
    library = Library(2)
    paths = [saved(tmp_path / str(i)) for i in range(3)]
    other = genome_of("other")
    assert library.keep_below(other) == library.save_below == float("inf")
    for number, (error, path) in enumerate(zip((3.0, 1.0, 2.0), paths, strict=True)):
        library.add(entry(number, error, path=path))
    assert [e.error for e in library.entries] == [1.0, 2.0]
    assert (library.save_below, library.keep_below(other)) == (1.0, 2.0)
    assert library.best_saved.error == 1.0
    assert [path.exists() for path in paths] == [False, True, True]


def test_estimators_that_are_too_many_give_way_to_others():
    library = Library(6)  # two of each, as long as there are others
    for number in range(6):
        library.add(entry(number, float(number), estimator="a"))
    assert len(library.entries) == 6
    assert library.keep_below(genome_of("a")) == 5.0
    assert library.keep_below(genome_of("b")) == float("inf")
    for number, error in enumerate((20.0, 10.0, 30.0), start=6):
        library.add(entry(number, error, estimator="b"))
    assert [e.error for e in library.entries] == [0.0, 1.0, 2.0, 3.0, 10.0, 20.0]
    for number in range(9, 12):
        library.add(entry(number, 0.5, estimator="a"))
        library.add(entry(number + 10, 40.0, estimator=f"c{number}"))
    kinds = [e.candidate.genome.estimator for e in library.entries]
    assert kinds.count("a") == kinds.count("b") == 2
    assert [e.error for e in library.entries] == [0.0, 0.5, 10.0, 20.0, 40.0, 40.0]
    assert library.keep_below(genome_of("a")) == 0.5
    assert library.keep_below(genome_of("d")) == 40.0


@given(
    searches=st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 99)), max_size=40),
    size=st.sampled_from([1, 2, 4, 8]),
)
def test_what_is_kept_does_not_depend_on_how_many_are_under_way(searches, size):
    def kept(n_workers):
        library, bounds, with_predictions = Library(size), [], set()
        for told, (estimator, error) in enumerate(searches):
            for later, _ in searches[len(bounds) : told + n_workers]:
                bounds.append(library.keep_below(genome_of(later)))
            if error <= bounds[told]:
                with_predictions.add(told)
            library.add(entry(told, error, estimator=estimator))
        numbers = [e.candidate.number for e in library.entries]
        return numbers, with_predictions.intersection(numbers)

    assert kept(1) == kept(4) == kept(16)
    numbers, with_predictions = kept(1)
    assert with_predictions == set(numbers)


def test_fold_models_of_the_worst_give_way_where_the_disk_is_small(tmp_path):
    library = Library(5, most_bytes=250)
    paths = [saved(tmp_path / str(i), 100) for i in range(4)]
    for number, (error, path) in enumerate(zip((3.0, 1.0, 2.0, 4.0), paths, strict=True)):
        library.add(entry(number, error, path=path))
    assert [path.exists() for path in paths] == [False, True, True, False]
    assert [e.models_path is not None for e in library.entries] == [True, True, False, False]


def test_models_too_large_for_the_disk_leave_it_to_smaller_ones(tmp_path):
    library = Library(5, most_bytes=250)
    paths = [saved(tmp_path / str(i), size) for i, size in enumerate((300, 100, 100))]
    for number, path in enumerate(paths):
        library.add(entry(number, 1.0 + number, path=path))
    assert [path.exists() for path in paths] == [False, True, True]


def test_there_is_no_rival_among_candidates_that_do_not_differ():
    library = Library(5)
    for number in range(4):
        library.add(raced_entry(number, (0.5, 0.5)))
    assert library.rival() is None
    library.add(raced_entry(4, (0.4, 0.7)))
    library.add(raced_entry(5, (0.3, 0.9)))
    assert library.rival() is not None


def test_a_best_candidate_that_is_fitted_serves_although_no_member_is():
    library, scorer = two_opposites()
    library.add(entry(9, 0.5))  # without predictions: best, but in no ensemble
    final = final_of(library, scorer, lambda *given: fit_all(*given)[:1])
    assert [m.entry.candidate.number for m in final.members] == [9]


def test_fold_models_that_cannot_be_read_are_told_and_done_without(tmp_path):
    library, scorer = two_opposites(saved(tmp_path / "models"))
    (tmp_path / "models").write_bytes(b"damaged")
    with pytest.warns(EvolearnWarning, match="could not be read"):
        final = final_of(library, scorer, lambda *given: fit_all(*given)[:1])
    assert [m.weight for m in final.members] == [1.0]


def test_time_is_set_aside_for_the_members_that_are_expected():
    library, scorer = two_opposites()
    for number in range(2, 12):
        library.add(entry(number, 5.0 + number))
    final = planner(library, scorer, seconds=100.0)
    everyone = final.reserved_seconds()
    assert planner(library, scorer, 100.0, n_workers=4).reserved_seconds() < everyone
    final.choose()
    assert [e.number for e in final.expected] == [0, 1]
    assert final.reserved_seconds() < everyone


def test_no_time_is_set_aside_for_refits_that_would_take_all_of_it(tmp_path):
    library = Library(5)
    library.add(entry(0, 1.0, path=saved(tmp_path / "models")))
    most = planner(library, seconds=10.0).reserved_seconds()
    assert planner(library, seconds=0.2).reserved_seconds() < most  # fold models serve


def fit_all(orders, spare):
    return [(i, order.task.genome.key) for i, order in enumerate(orders)]


def final_of(library, scorer, refit=fit_all):
    return fit_final_models(planner(library, scorer), refit)


def two_opposites(path=None):
    y = np.linspace(0, 1, 40)
    scorer, folds = out_of_fold(y)
    truth = y[folds.scored]
    library = Library(5)
    library.add(entry(0, 1.0, truth + 1.0))
    library.add(entry(1, 1.1, truth - 1.1, path))
    return library, scorer


def test_an_ensemble_is_final_over_where_it_is_better_and_a_single_model_on_wish():
    library, scorer = two_opposites()
    final = final_of(library, scorer)
    assert final.best.entry.error == 1.0
    assert len(final.members) == 2
    assert final.shortfall == ""
    single = final_of(library, None)
    assert [m.weight for m in single.members] == [1.0]
    assert single.best.model == "estimator=e0"


def test_a_single_model_serves_where_a_scorer_wants_more_than_predictions():
    y = np.linspace(0, 1, 40)
    scorer, folds = out_of_fold(y, lambda model, X, y: -abs(model.coef_[0]))
    library = Library(5)
    for number in range(2):
        library.add(entry(number, 1.0 + number, y[folds.scored]))
    final = final_of(library, scorer)
    assert [m.model for m in final.members] == ["estimator=e0"]
    assert "coef_" in final.note


def test_on_a_large_table_the_best_candidate_is_compared_on_the_same_rows():
    y = np.random.default_rng(0).normal(size=30_000)
    scorer, folds = out_of_fold(y)
    assert not scorer.complete
    truth = y[folds.scored]
    unseen = np.ones(len(truth), dtype=bool)
    unseen[scorer.positions] = False
    library = Library(5)
    # Perfect wherever selection does not look: its error there must not count against two.
    library.add(entry(0, 0.1, truth + np.where(unseen, 0.0, 1.0)))
    library.add(entry(1, 0.2, truth - np.where(unseen, 0.0, 0.7)))
    assert len(final_of(library, scorer).members) == 2


def test_members_keep_the_latency_that_was_wished():
    library, scorer = two_opposites()  # each took 0.1 s for 40 rows: 2.5 s for 1,000
    for most, members in ((5.1, 2), (4.9, 1)):
        options = EnsembleOptions(scorer, 25, max_latency=most, n_scored=40)
        chosen = choose(library.entries, options, float("inf"))
        assert len(chosen.members) == members
        assert chosen.note == ""
    options = EnsembleOptions(scorer, 25, max_latency=2.4, n_scored=40)
    chosen = choose(library.entries, options, float("inf"))
    assert len(chosen.members) == 1
    assert "the fastest of them is used, with 2.5 s" in chosen.note


def test_late_members_are_served_by_one_model_where_latency_counts(tmp_path):
    library = Library(5)
    library.add(entry(0, 1.0, path=saved(tmp_path / "models")))
    final = fit_final_models(planner(library, max_latency=1e6), lambda *given: [])
    assert [(m.weight, m.fold) for m in final.members] == [(1.0, 0)]


def test_members_that_are_not_fitted_in_time_are_done_without():
    library, scorer = two_opposites()
    final = final_of(library, scorer, lambda *given: fit_all(*given)[:1])
    assert [m.weight for m in final.members] == [1.0]
    assert "1 of 2" in final.shortfall


def test_fold_models_serve_for_refits_that_are_late(tmp_path):
    library = Library(5)
    library.add(entry(0, 1.0, path=saved(tmp_path / "models")))
    final = final_of(library, None, lambda *given: [])
    assert [m.model for m in final.members] == ["fold 0", "fold 1"]
    assert [m.weight for m in final.members] == [0.5, 0.5]
    assert final.shortfall


def test_an_ensemble_may_mix_refits_and_fold_models(tmp_path):
    library, scorer = two_opposites(saved(tmp_path / "models"))
    final = final_of(library, scorer, lambda *given: fit_all(*given)[:1])
    assert [m.fold for m in final.members] == [None, 0, 1]
    weights = [m.weight for m in final.members]
    assert sum(weights) == pytest.approx(1.0)
    assert weights[1] == weights[2] == (1 - weights[0]) / 2
    assert final.shortfall == ""
    assert [number for _, number, _ in final.decisions()["members"]] == [0, 1, 1]


def test_nothing_is_final_over_where_nothing_is_fitted():
    library = Library(5)
    assert final_of(library, None) is None
    library.add(entry(0, 1.0))
    assert final_of(library, None, lambda *given: []) is None


def test_the_ensemble_predicts_the_weighted_mean():
    X = np.arange(10.0).reshape(-1, 1)
    low, high = LinearRegression().fit(X, X[:, 0]), LinearRegression().fit(X, X[:, 0] + 4)
    members = [(low, False), (high, False)]
    ensemble = EnsembleRegressor(None, members, [0.75, 0.25], Regression())
    assert np.allclose(ensemble.predict(X), X[:, 0] + 1)


def test_a_member_that_has_not_seen_a_class_gives_it_next_to_no_probability():
    X = np.arange(9.0).reshape(-1, 1)
    y = np.repeat(["a", "b", "c"], 3)
    everything = LogisticRegression().fit(X, y)
    part = LogisticRegression().fit(X[:6], y[:6])
    classes = np.array(["a", "b", "c"])
    ensemble = EnsembleClassifier(
        None, [(everything, False), (part, False)], [0.5, 0.5], Classification(classes)
    )
    probabilities = ensemble.predict_proba(X)
    assert np.allclose(probabilities.sum(axis=1), 1)
    assert (probabilities[:, 2] < everything.predict_proba(X)[:, 2]).all()
    assert (probabilities[:, 2] > 0).all()
    assert ensemble.predict(X)[0] == "a"
