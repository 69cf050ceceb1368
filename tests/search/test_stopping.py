"""The ways a search ends, the failures it survives, and the progress it shows."""

import contextlib
import logging
import os
import time
import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from evolearn import (
    Choice,
    EvolearnWarning,
    EvolutionaryClassifier,
    EvolutionaryRegressor,
    Float,
)
from evolearn.ensemble.library import Entry, Library
from evolearn.ensemble.planner import FinalModelsPlanner
from evolearn.ensemble.selection_options import EnsembleOptions
from evolearn.evaluation.candidate import Candidate
from evolearn.evaluation.tasks import Evaluation
from evolearn.execution.budget import Budget
from evolearn.fit import run
from evolearn.pipeline.genome import Allele, Genome

# -- the ways to stop -----------------------------------------------------------------------

# The limits of time, stagnation and counts that the case at hand is not about.
OPEN_END = {"time_budget": None, "n_iter_no_change": None, "population_size": 4}


@pytest.mark.parametrize(
    ("reason", "settings"),
    [
        ("target_fitness", {"target_fitness": 10.0}),
        ("n_generations", {"n_generations": 2}),
        ("n_evaluations", {"n_evaluations": 5}),
        ("no_improvement", {"n_iter_no_change": 2, "tol": 10.0}),
        ("time_budget", {"time_budget": 2.0}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_stop_reason_says_what_ended_the_search(regression, cheap_regressors, reason, settings):
    X, y = regression
    model = EvolutionaryRegressor(
        search_space=cheap_regressors, n_jobs=1, random_state=0, **{**OPEN_END, **settings}
    )
    with warnings.catch_warnings():
        # On a slow machine two seconds are too short for more than a hint of a model.
        warnings.simplefilter("ignore", EvolearnWarning)
        model.fit(X, y)
    assert model.stop_reason_ == reason
    assert model.predict(X).shape == y.shape


def test_candidates_that_cannot_end_in_time_are_not_begun(numbers):
    class Sleepy(DecisionTreeClassifier):
        def fit(self, X, y):
            time.sleep(0.4)
            return super().fit(X, y)

    X, y = numbers
    model = EvolutionaryClassifier(
        search_space=[(Sleepy(), {"max_depth": list(range(1, 20))})],
        time_budget=8.0,
        n_iter_no_change=None,
        cv=2,
        random_state=0,
    )
    model.fit(X, y)
    assert model.stop_reason_ == "time_budget"
    assert sum(bool(reason) for reason in model.cv_results_["failure"]) <= 1


def test_a_candidate_whose_first_fold_takes_its_share_is_given_up(numbers):
    class Endless(DecisionTreeClassifier):
        def fit(self, X, y):
            while True:
                with contextlib.suppress(Exception):
                    time.sleep(0.01)

    X, y = numbers
    model = EvolutionaryClassifier(
        search_space=[Endless(), DecisionTreeClassifier()],
        time_budget=None,
        n_evaluations=2,
        evaluation_timeout=2.0,
        cv=4,
        random_state=0,
    )
    model.fit(X, y)
    assert list(model.cv_results_["status"]) == ["timed_out", "scored"]
    assert "given up after 0 of 4 folds" in model.cv_results_["failure"][0]


def test_time_is_kept_for_the_final_models(regression, cheap_regressors, monkeypatch):
    reserved, fit_final_models = [], run.fit_final_models

    def noted(planner, train):
        reserved.append((planner.budget.remaining(), planner.reserved_seconds()))
        return fit_final_models(planner, train)

    monkeypatch.setattr(run, "fit_final_models", noted)
    X, y = regression
    model = EvolutionaryRegressor(
        search_space=cheap_regressors,
        n_jobs=2,
        random_state=0,
        **{**OPEN_END, "time_budget": 6},
    )
    with warnings.catch_warnings():
        # On a slow machine the final models may take longer than expected.
        warnings.simplefilter("ignore", EvolearnWarning)
        model.fit(X, y)
    assert model.stop_reason_ == "time_budget"
    assert model.score(X, y) > 0.9
    left, expected = reserved[0]
    assert expected > 0
    assert left > 0


def test_a_search_ends_before_the_seconds_reserved_for_the_final_models():
    seconds = 0.0
    budget = Budget(100.0, clock=lambda: seconds)
    library = Library(5)
    evaluation = Evaluation((-1.0,), "scored", 1.0, (8.0,), (0.1,))
    genome = Genome((("estimator", Allele("ridge")),))
    library.add(Entry(Candidate(0, 0, genome, "portfolio"), evaluation))
    planner = FinalModelsPlanner(library, EnsembleOptions(None, 1), AsLong(), budget, 1)
    assert 8.0 < planner.reserved_seconds() < 20.0
    assert planner.search_seconds_left() == 100.0 - planner.reserved_seconds()
    seconds = 95.0
    assert planner.search_seconds_left() < 0 < budget.remaining()


class AsLong:
    """Final fits take as long as those in a fold."""

    def refit_ratio(self, genome):
        return 1.0

    def lineage_ratio(self, genome):
        return 1.0


def test_a_search_space_can_be_exhausted(numbers):
    X, y = numbers
    whole = make_pipeline(LogisticRegression())
    model = EvolutionaryClassifier(search_space=[whole], random_state=0, **OPEN_END).fit(X, y)
    assert model.stop_reason_ == "exhausted"
    assert model.n_evaluations_ == 1


def test_a_small_discrete_search_space_is_searched_whole(numbers):
    X, y = numbers
    space = [(make_pipeline(DecisionTreeClassifier()), {
        "decisiontreeclassifier__max_depth": Choice(1, 2, 3),
        "decisiontreeclassifier__criterion": Choice("gini", "entropy"),
    })]  # fmt: skip
    model = EvolutionaryClassifier(search_space=space, random_state=0, **OPEN_END).fit(X, y)
    assert (model.stop_reason_, model.n_evaluations_) == ("exhausted", 6)


def test_one_generation_is_the_first_population(regression):
    X, y = regression
    model = EvolutionaryRegressor(
        time_budget=None, n_generations=1, population_size=5, n_jobs=2, random_state=0
    ).fit(X, y)
    assert (model.n_generations_, model.n_evaluations_) == (1, 5)
    assert model.stop_reason_ == "n_generations"


def test_target_fitness_is_inclusive(fast, numbers, cheap_classifiers):
    X, y = numbers
    model = EvolutionaryClassifier(search_space=cheap_classifiers, scoring="accuracy", **fast)
    best = model.fit(X, y).best_fitness_
    assert model.set_params(target_fitness=best).fit(X, y).stop_reason_ == "target_fitness"


def test_a_budget_too_short_for_anything_still_gives_a_model(binary):
    X, y = binary
    model = EvolutionaryClassifier(time_budget=1e-6, random_state=0)
    with pytest.warns(EvolearnWarning, match="time_budget"):
        model.fit(X, y)
    assert model.stop_reason_ == "time_budget"
    assert set(model.predict(X)) <= {0, 1}
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


def test_the_time_budget_ends_a_candidate_that_hangs(numbers, tmp_path):
    X, y = numbers
    ended = tmp_path / "ended"

    class Hanging(DecisionTreeClassifier):
        def fit(self, X, y):
            time.sleep(100)  # far above the budget
            ended.touch()

    model = EvolutionaryClassifier(
        search_space=["decision_tree", Hanging()], time_budget=4, n_jobs=2, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EvolearnWarning)
        model.fit(X, y)
    assert not ended.exists()
    assert model.score(X, y) > 0.7


def test_an_interrupt_gives_the_best_so_far(run_script):
    process = run_script(
        """
        import os, pathlib, signal, threading, time, warnings
        from sklearn.datasets import load_iris
        from sklearn.tree import DecisionTreeClassifier
        from evolearn import EvolutionaryClassifier, Integer

        class Marking(DecisionTreeClassifier):
            def fit(self, X, y):
                pathlib.Path(f"mark-{time.monotonic_ns()}").touch()
                return super().fit(X, y)

        def interrupt():
            # The folds of several candidates.
            while len(list(pathlib.Path.cwd().glob("mark-*"))) < 60:
                time.sleep(0.05)
            os.kill(os.getpid(), signal.SIGINT)

        warnings.simplefilter("default")
        X, y = load_iris(return_X_y=True)
        threading.Thread(target=interrupt, daemon=True).start()
        space = [(Marking(), {"max_depth": Integer(1, 1000)})]
        model = EvolutionaryClassifier(
            time_budget=120, n_iter_no_change=None, search_space=space, n_jobs=2
        )
        model.fit(X, y)
        print(model.stop_reason_, len(model.predict(X)))
        """
    )
    out, err = process.communicate(timeout=100)
    assert out.split() == ["interrupted", "150"], err


def test_an_interrupt_while_the_final_models_are_fitted_lets_fold_models_serve(run_script):
    process = run_script(
        """
        import os, pathlib, signal, threading, time, warnings
        from sklearn.datasets import load_iris
        from sklearn.tree import DecisionTreeClassifier
        from evolearn import EvolutionaryClassifier

        mark = pathlib.Path("refitting")

        class Slow(DecisionTreeClassifier):
            def fit(self, X, y):
                if len(X) == 150:
                    pathlib.Path("refitting").touch()
                    time.sleep(600)
                return super().fit(X, y)

        def interrupt():
            while not mark.exists():
                time.sleep(0.05)
            os.kill(os.getpid(), signal.SIGINT)

        warnings.simplefilter("ignore")
        X, y = load_iris(return_X_y=True)
        threading.Thread(target=interrupt, daemon=True).start()
        model = EvolutionaryClassifier(
            time_budget=None, n_evaluations=2, search_space=[Slow()], random_state=0
        )
        model.fit(X, y)
        print(model.stop_reason_, round(model.score(X, y)))
        """
    )
    out, err = process.communicate(timeout=100)
    assert out.split() == ["interrupted", "1"], err


# -- failures -------------------------------------------------------------------------------


@pytest.fixture
def moody():
    """A classifier whose training fails for half of its values of `mood`."""

    class Moody(ClassifierMixin, BaseEstimator):
        def __init__(self, mood=0.0):
            self.mood = mood

        def fit(self, X, y):
            if self.mood > 0.5:
                raise OSError("the disk is full")
            self.model_ = DecisionTreeClassifier(random_state=0).fit(X, y)
            self.classes_ = self.model_.classes_
            return self

        def predict(self, X):
            return self.model_.predict(X)

        def predict_proba(self, X):
            return self.model_.predict_proba(X)

    return Moody()


def test_a_failed_candidate_is_recorded_and_the_search_goes_on(fast, numbers, moody):
    X, y = numbers
    space = [(moody, {"mood": Float(0.0, 1.0)})]
    fast["n_evaluations"] = 16
    model = EvolutionaryClassifier(search_space=space, **fast).fit(X, y)
    table = pd.DataFrame(model.cv_results_)
    mood = next(key for key in table if key.endswith("__mood"))
    failed = table[mood].astype(float) > 0.5
    assert failed.any()
    assert not failed.all()
    assert table["failure"][failed].str.contains("the disk is full").all()
    assert not table["failure"][~failed].astype(bool).any()
    assert table["mean_test_score"][failed].isna().all()
    assert table["mean_test_score"][~failed].notna().all()
    assert table["rank_test_score"][~failed].max() < table["rank_test_score"][failed].min()


def test_a_candidate_that_kills_its_process_is_a_failure(numbers):
    X, y = numbers

    class Deadly(DecisionTreeClassifier):
        def fit(self, X, y):
            os._exit(3)

    model = EvolutionaryClassifier(
        search_space=[make_pipeline(Deadly()), "decision_tree"],
        time_budget=None, n_evaluations=6, population_size=4, n_jobs=2, random_state=0,
    ).fit(X, y)  # fmt: skip
    failures = [reason for reason in model.cv_results_["failure"] if reason]
    assert failures
    assert len(failures) < 6
    assert model.score(X, y) > 0.7


def test_warnings_of_candidates_are_not_poured_out(fast, numbers):
    X, y = numbers

    class Chatty(DecisionTreeClassifier):
        def fit(self, X, y):
            warnings.warn("I talk too much", UserWarning, stacklevel=2)
            print("and I print")
            return super().fit(X, y)

    model = EvolutionaryClassifier(search_space=[make_pipeline(Chatty())], **fast)
    model.fit(X, y)  # a warning would be an error here
    assert not any(model.cv_results_["failure"])


# -- progress -------------------------------------------------------------------------------


def test_nothing_is_shown_at_verbose_0(fast, numbers, cheap_classifiers, capfd, caplog):
    X, y = numbers
    with caplog.at_level(logging.INFO):
        EvolutionaryClassifier(search_space=cheap_classifiers, verbose=0, **fast).fit(X, y)
    assert capfd.readouterr() == ("", "")
    assert not caplog.records


def test_progress_is_one_line_per_generation_shown_without_a_handler(run_script):
    process = run_script(
        """
        from sklearn.datasets import load_iris
        from evolearn import EvolutionaryClassifier

        X, y = load_iris(return_X_y=True)
        EvolutionaryClassifier(
            search_space=["decision_tree"], time_budget=None, n_generations=3,
            population_size=4, n_jobs=1, random_state=0, verbose=1,
        ).fit(X, y)
        """
    )
    out, err = process.communicate(timeout=100)
    assert process.returncode == 0, err
    lines = [line for line in (out + err).splitlines() if "generation" in line.lower()]
    assert len(lines) == 3, out + err


def test_progress_goes_through_logging_once(fast, numbers, cheap_classifiers, caplog):
    X, y = numbers
    model = EvolutionaryClassifier(search_space=cheap_classifiers, verbose=1, **fast)
    with caplog.at_level(logging.INFO, logger="evolearn"):
        model.fit(X, y)
    lines = [r for r in caplog.records if "generation" in r.getMessage().lower()]
    assert len(lines) == model.n_generations_
    assert all(record.name.startswith("evolearn") for record in lines)
    assert not [r for r in caplog.records if "prepared rows" in r.getMessage()]


def test_logging_is_left_as_it_was(fast, numbers, cheap_classifiers):
    X, y = numbers
    root, ours = logging.getLogger(), logging.getLogger("evolearn")
    before = [*root.handlers], [*ours.handlers], root.level, ours.level
    EvolutionaryClassifier(search_space=cheap_classifiers, verbose=1, **fast).fit(X, y)
    assert ([*root.handlers], [*ours.handlers], root.level, ours.level) == before
