"""Accounts of a search, and the reasons why a model or a gene is not in the result."""

import numpy as np
import pytest

from evolearn import SearchSpace
from evolearn.insights.search import SearchFacts, explain_search, why_not
from evolearn.results.search_explanation import grouped

#: Estimator, encoder, fitness, status and failure of each candidate.
CANDIDATES = [
    ("ridge", "one_hot", 2.0, "scored", ""),
    ("ridge", "ordinal", None, "raced", ""),
    ("support_vector_machine", "one_hot", 2.5, "scored", ""),
    ("support_vector_machine", "one_hot", None, "failed", "ValueError: no 12 rows"),
    ("support_vector_machine", "one_hot", None, "failed", "ValueError: no 7 rows"),
    ("support_vector_machine", "one_hot", None, "timed_out", "took longer than 3 s"),
    ("extra_trees", "ordinal", 1.0, "scored", ""),
    ("decision_tree", "ordinal", None, "failed", "boom"),
    ("ridge", "ordinal", None, "failed", "ValueError: no 5 rows"),
]


def facts_of(interval=None, **changes):
    estimators, encoders, fitness, status, failures = zip(*CANDIDATES, strict=True)
    results = {
        "params": [
            {"estimator": estimator, "encoder": encoder}
            for estimator, encoder in zip(estimators, encoders, strict=True)
        ],
        "fitness": np.array(fitness, dtype=float),
        "status": np.array(status, dtype=object),
        "failure": np.array(failures, dtype=object),
        "candidate": np.arange(len(CANDIDATES)),
        "mean_fit_time": np.full(len(CANDIDATES), 0.4),
        "mean_score_time": np.full(len(CANDIDATES), 0.1),
        "split0_test_score": np.zeros(len(CANDIDATES)),
        "split1_test_score": np.where(np.array(fitness, dtype=float) > 0, 0.0, np.nan),
    }
    space = SearchSpace.default("regression").only(*set(estimators), "elastic_net")
    space = SearchSpace(
        space.estimators,
        {"encoder": space.preparation["encoder"][:3]},
        {"gaussian_process": "one fit is expected to take 90 s", "native": "too many"},
        space.genes,
    )
    facts = {
        "results": results,
        "weights": {0: 0.25, 2: 0.25, 6: 0.5},
        "space": space,
        "task": "regression",
        "best_fitness": 1.0,
        "stop_reason": "n_evaluations",
        "interval": interval,
    }
    return SearchFacts(**{**facts, **changes})


def test_every_estimator_has_its_account():
    parts = {part.name: part for part in explain_search(facts_of()).parts}
    svm = parts["support_vector_machine"]
    assert (svm.n_tried, svm.n_failed, svm.n_raced, svm.n_slow) == (4, 2, 0, 1)
    assert (svm.best_fitness, svm.best_candidate, svm.weight) == (2.5, 2, 0.25)
    assert svm.seconds == pytest.approx(2.5)  # five folds of half a second
    assert svm.failures == (("ValueError: no 12 rows", 2),)
    assert parts["ridge"].n_raced == 1
    assert parts["ordinal"].n_tried == 4
    assert parts["gaussian_process"].absent == "one fit is expected to take 90 s"
    assert "not in the search space" in parts["random_forest"].absent
    assert next(iter(parts)) == "extra_trees"


def test_the_account_reads_as_text_html_and_frame():
    explanation = explain_search(facts_of())
    text = str(explanation)
    assert text.startswith("9 candidates of 4 estimators were tried; the best error is 1.")
    assert "+150.0%" in text
    assert "Not tried before the end: elastic_net" in text
    assert "Left out, one fit is expected to take 90 s: gaussian_process." in text
    assert "Failed, 3 candidates: ValueError: no 5 rows." in text
    assert "Given up as too slow for the time there was: 1 candidate." in text
    assert "<table>" in explanation._repr_html_()
    frame = explanation.frame().set_index("name")
    assert frame.loc["support_vector_machine", "behind_best"] == pytest.approx(1.5)
    assert frame.loc["decision_tree", "note"] == "1 x boom"
    assert len(frame) == len(explanation.parts)


SENTENCES = {
    "svm": [
        "tried 4 times in 2.5 s",
        "2.5, 150.0% above",
        "(extra_trees, 1)",
        "2 candidates",
        "too slow",
    ],
    "RandomForestRegressor": ["random_forest was left out"],
    "SVC": ["support_vector_machine was tried"],
    "Extra-Trees": ["tried once", "that of the best candidate", "weight of 50%"],
    "ridge": ["1 candidate was given up"],
    "decision_tree": ["no candidate was scored", "1 candidate failed: 1 x boom"],
    "lasso": ["elastic_net was not tried before the search ended (n_evaluations)"],
    "gp": ["gaussian_process was left out: one fit is expected to take 90 s."],
    "rf": ["random_forest was left out: it is not in the search space"],
    "naive bayes": ["gaussian_naive_bayes was left out: it is not made for regression."],
    "native": ["native was left out: too many."],
    "encoder": ["The gene encoder was tried with ordinal (4 candidates, best error 1)"],
    "linear model": ["ridge was tried", "elastic_net was not tried"],
}


@pytest.mark.parametrize("name", SENTENCES)
def test_why_not_has_the_reason(name):
    sentence = why_not(facts_of(), name)
    for part in SENTENCES[name]:
        assert part in sentence


@pytest.mark.parametrize(("high", "place"), [(3.0, "within"), (2.0, "outside")])
def test_the_distance_is_compared_with_the_estimated_error(high, place):
    sentence = why_not(facts_of(interval=(0.9, high)), "svm")
    assert f"{place} the interval of the model's error, 0.9 to {high:g}" in sentence


def test_options_that_no_estimator_can_use_are_no_omission(regressor):
    notes = {part.name: part.absent for part in regressor.explain_search().parts}
    # There are no networks in the space, and the other option selects by classes.
    assert notes["embedded"] == "no estimator of the search space uses it"
    assert "univariate_regression" in notes
    assert "univariate" not in notes


def test_an_unknown_name_gets_the_nearest_ones():
    with pytest.raises(ValueError, match="'ridgee'; did you mean ridge"):
        why_not(facts_of(), "ridgee")
    with pytest.raises(ValueError, match="explain_search"):
        why_not(facts_of(), "zzz")


def test_a_search_without_a_scored_candidate_has_an_account():
    facts = facts_of(best_fitness=float("nan"), weights={})
    assert "the best error" not in str(explain_search(facts)).partition("\n")[0]
    assert "2.5." in why_not(facts, "svm")


def test_failures_that_differ_in_numbers_alone_are_one_reason():
    assert grouped(["a 1 b", "a 2.5 b", "c"]) == (("a 1 b", 2), ("c", 1))


def test_a_fitted_model_explains_itself(regressor):
    explanation = regressor.explain_search()
    tried = [part.n_tried for part in explanation.parts if part.is_estimator]
    assert sum(tried) == regressor.n_evaluations_ == explanation.n_candidates
    weight = sum(part.weight for part in explanation.parts if part.is_estimator)
    assert weight == pytest.approx(1.0)
    assert "not in the search space" in regressor.why_not("svm")
    with pytest.raises(TypeError, match="got 3"):
        regressor.why_not(3)
