"""scikit-learn's own checks of an estimator, and what else every estimator must do."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.utils import estimator_checks

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor

BUDGET = {
    "time_budget": None,
    "n_evaluations": 4,
    "population_size": 4,
    "cv": 3,
    "random_state": 0,
}
ESTIMATORS = [
    EvolutionaryClassifier(search_space=["logistic_regression", "decision_tree"], **BUDGET),
    EvolutionaryRegressor(search_space=["ridge", "decision_tree"], **BUDGET),
]
BOTH = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: type(e).__name__)

WEIGHTS_ARE_NOT_COPIES = (
    "A row of weight two is one row to the folds, to bootstraps and to subsampling, and two "
    "equal rows are two: scikit-learn's own forests and boosting differ here in the same way."
)


def expected_failures(estimator):
    """Return the checks that an estimator fails, and why."""
    check = "check_sample_weight_equivalence_on"
    return {f"{check}_{kind}_data": WEIGHTS_ARE_NOT_COPIES for kind in ("dense", "sparse")}


CHECKS = estimator_checks.parametrize_with_checks(
    ESTIMATORS, expected_failed_checks=expected_failures
)


# scikit-learn 1.7 gives its checks as a generator, which pytest 10 will refuse: hence a list.
@pytest.mark.parametrize(CHECKS.args[0], list(CHECKS.args[1]), **CHECKS.kwargs)
def test_passes_the_checks_of_scikit_learn(estimator, check):
    check(estimator)


@BOTH
def test_parameters_are_validated_by_constraints_that_name_them(estimator):
    estimator_checks.check_param_validation(type(estimator).__name__, clone(estimator))


@BOTH
def test_every_parameter_is_keyword_only_and_documented_by_a_constraint(estimator):
    names = set(estimator.get_params(deep=False))
    assert names == set(type(estimator)._parameter_constraints)
    with pytest.raises(TypeError, match="positional"):
        type(estimator)(10.0)


def test_the_two_estimators_take_the_same_parameters():
    classifier, regressor = EvolutionaryClassifier(), EvolutionaryRegressor()
    assert classifier.get_params() == regressor.get_params()


def test_the_parameters_are_those_of_the_contract():
    assert set(EvolutionaryClassifier().get_params()) >= {
        "time_budget", "n_generations", "n_evaluations", "target_fitness", "n_iter_no_change",
        "tol", "population_size", "search_space", "scoring", "cv", "final_model",
        "ensemble_size", "evaluation_timeout", "n_jobs", "random_state", "verbose",
    }  # fmt: skip
    assert EvolutionaryClassifier().time_budget == 60.0


@BOTH
def test_scikit_learn_knows_which_kind_it_is(estimator):
    classifier = isinstance(estimator, EvolutionaryClassifier)
    assert is_classifier(estimator) == classifier
    assert is_regressor(estimator) != classifier


@BOTH
def test_clone_keeps_every_parameter(estimator):
    copy = clone(estimator)
    assert copy is not estimator
    assert copy.get_params() == estimator.get_params()


@BOTH
def test_set_params_changes_what_get_params_returns(estimator):
    copy = clone(estimator).set_params(n_generations=3, final_model="single")
    assert copy.get_params()["n_generations"] == 3
    assert copy.get_params()["final_model"] == "single"
    with pytest.raises(ValueError, match="no_such_parameter"):
        copy.set_params(no_such_parameter=1)


@BOTH
def test_fit_leaves_the_parameters_as_they_were(estimator, numbers):
    X, y = numbers
    model = clone(estimator)
    before = model.get_params()
    assert model.fit(X, y) is model
    assert model.get_params() == before


@BOTH
def test_a_fitted_estimator_survives_a_pickle(estimator, binary):
    X, y = binary
    model = clone(estimator).fit(X, y)
    copy = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(copy.predict(X), model.predict(X))
    assert copy.best_fitness_ == model.best_fitness_
    assert copy.best_params_ == model.best_params_
