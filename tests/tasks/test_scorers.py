"""Scorers of every kind: what they are shown, and what becomes of what they say."""

from functools import partial

import numpy as np
import pandas as pd
import pytest
from sklearn import config_context
from sklearn.compose import make_column_transformer
from sklearn.ensemble import StackingRegressor, VotingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import (
    accuracy_score,
    f1_score,
    log_loss,
    make_scorer,
    mean_absolute_error,
    mutual_info_score,
)
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor
from evolearn.ensemble.selection import OutOfFold
from evolearn.evaluation.folds import make_folds
from evolearn.tasks import Classification
from evolearn.tasks.classifiers import PredictedClassifier
from evolearn.tasks.scoring import make_objective

SETTINGS = {"time_budget": None, "n_evaluations": 2, "random_state": 0}
RNG = np.random.default_rng(0)
NUMBERS = RNG.normal(size=(120, 3))
TARGET = 10 + NUMBERS[:, 0] - NUMBERS[:, 1]
CITY = RNG.choice(["u", "v", "w"], 120)
TABLE = pd.DataFrame({"city": CITY, "a": NUMBERS[:, 0], "b": NUMBERS[:, 1]})


def regressor(**settings):
    return EvolutionaryRegressor(**{**SETTINGS, "search_space": ["ridge"], **settings})


# -- what a function of the user's is shown --------------------------------------------------


@pytest.mark.parametrize("make", [lambda table: table, lambda table: table.to_numpy(object)])
@pytest.mark.parametrize("whole", [False, True])
def test_a_function_sees_the_table_as_it_came(make, whole):
    X = make(TABLE)
    kind = type(X)

    def error(model, X, y):  # what fails here fails the candidate, and all of them the fit
        assert type(X) is kind
        assert X.shape == (len(y), 3)
        assert set(np.asarray(X)[:, 0]) <= {"u", "v", "w"}
        some = X.iloc[:5] if isinstance(X, pd.DataFrame) else X[:5]
        np.testing.assert_allclose(model.predict(some), model.predict(X)[:5])
        return -float(np.abs(model.predict(X) - y).mean())

    space = ["ridge"]
    if whole:
        numbers = FunctionTransformer(lambda X: np.asarray(X)[:, 1:].astype(float))
        space = [make_pipeline(numbers, Ridge())]
    model = regressor(scoring=error, search_space=space, final_model="single").fit(X, TARGET)
    assert not any(model.cv_results_["failure"])


def test_a_function_gets_the_columns_of_all_classes():
    X, y = RNG.normal(size=(123, 3)), np.repeat([0, 1, 2], [60, 60, 3])
    cost = np.array([[0, 1, 5], [1, 0, 5], [9, 9, 0.0]])

    def money(model, X, y):
        certain = model.predict_log_proba(X)  # whatever else the model can do
        np.testing.assert_allclose(np.exp(certain).sum(axis=1), 1)
        return -float((cost[y] * model.predict_proba(X)).sum(axis=1).mean())

    model = EvolutionaryClassifier(
        search_space=["logistic_regression"],
        scoring=money,
        final_model="single",
        **SETTINGS,
    )
    assert model.fit(X, y).best_fitness_ < 2
    table = pd.DataFrame({"city": RNG.choice(["u", "v"], 123), "a": X[:, 0]})
    model.fit(table, y)
    assert not any(model.cv_results_["failure"])


def test_what_a_scorer_does_to_predictions_reaches_nothing_else():
    def error(model, X, y, spoils):
        predicted = model.predict(X)
        found = -float(np.abs(predicted - y).mean())
        if spoils:
            predicted[:] = 0
        return np.asarray(found)  # as some libraries give numbers

    answers = [
        regressor(
            search_space=["ridge", "decision_tree"],
            n_evaluations=8,
            scoring=lambda model, X, y, spoils=spoils: error(model, X, y, spoils),
        )
        .fit(NUMBERS, TARGET)
        .predict(NUMBERS)
        for spoils in (False, True)
    ]
    np.testing.assert_array_equal(*answers)


# -- what scores mean ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scoring", "optimum"),
    [
        ("accuracy", 1.0),
        ("neg_log_loss", 0.0),
        ("mutual_info_score", None),
        (make_scorer(accuracy_score), 1.0),
        (make_scorer(accuracy_score, normalize=False), None),
        (make_scorer(accuracy_score, greater_is_better=False), None),
        (make_scorer(mutual_info_score), None),
        (make_scorer(f1_score, average="macro"), 1.0),
        (lambda model, X, y: 1.0, None),
    ],
)
def test_the_best_score_that_there_is(scoring, optimum):
    assert make_objective(scoring).optimum == optimum


def test_labels_of_classes_that_a_fold_has_not_are_labels_all_the_same():
    target = np.array([0, 1, 0, 1, 2, 2])
    task = Classification(np.arange(3))
    folds = make_folds(
        [
            (np.array([2, 3, 4, 5]), np.array([0, 1])),
            (np.array([0, 1]), np.array([2, 3, 4, 5])),
        ],
        np.zeros((6, 1)),
        target,
        None,
        task=task,
        default_folds=2,
        seed=0,
    )
    scored = OutOfFold(make_objective("f1_macro"), folds, target, task, None, 0)
    predicted = np.full((6, 3), 0.1)
    predicted[:, 2] = 0.8  # the class that the first fold has not
    of_folds = [f1_score(target[rows], [2] * len(rows), average="macro") for rows in folds.test]
    assert scored.error(predicted) == pytest.approx(1 - np.mean(of_folds))


# -- what users' estimators are --------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda members: VotingRegressor(members),
        lambda members: StackingRegressor(members, cv=2),
        lambda members: GridSearchCV(Ridge(), {"alpha": [1, 2]}, cv=2),
    ],
)
def test_weights_reach_estimators_that_hand_them_on(make):
    estimator = make([("ridge", Ridge()), ("tree", DecisionTreeRegressor(max_depth=2))])
    weights = np.linspace(0.1, 3, 120)
    model = regressor(search_space=[estimator], n_evaluations=1, final_model="single")
    model.fit(NUMBERS, TARGET, sample_weight=weights)
    alone = estimator.fit(NUMBERS, TARGET, sample_weight=weights)
    np.testing.assert_allclose(model.predict(NUMBERS), alone.predict(NUMBERS))


def test_pipelines_hand_on_what_they_do_in_the_users_session():
    table = pd.DataFrame(NUMBERS, columns=list("abc"))
    columns = make_column_transformer((StandardScaler(), ["a", "b"]))
    pipeline = make_pipeline(SimpleImputer(), columns, Ridge())
    with config_context(transform_output="pandas"):
        cross_val_score(pipeline, table, TARGET, cv=2, error_score="raise")
        model = regressor(search_space=[pipeline], n_evaluations=1).fit(table, TARGET)
    assert np.isfinite(model.predict(table)).all()


def test_a_journal_knows_what_a_pipeline_is_made_of(tmp_path):
    def fitness(function, **settings):
        pipeline = make_pipeline(FunctionTransformer(function), LinearRegression())
        cv = KFold(3, shuffle=True, random_state=0)
        model = regressor(search_space=[pipeline], cv=cv, n_evaluations=1, **settings)
        return model.fit(NUMBERS, TARGET).best_fitness_

    for _ in range(2):
        fitness(lambda X: X, journal=tmp_path)
    assert len(list(tmp_path.glob("*.sqlite"))) == 1
    alone = fitness(lambda X: 0 * X)
    assert fitness(lambda X: 0 * X, journal=tmp_path) == alone
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("labels", [[True, False], [0, 1], [1.0, 2.0], ["a", "b"]])
def test_labels_of_objects_can_be_scored(labels):
    y = np.array(labels, dtype=object)[(NUMBERS[:, 0] > 0).astype(int)]
    model = EvolutionaryClassifier(search_space=["decision_tree"], **SETTINGS)
    assert model.fit(NUMBERS, y).score(NUMBERS, y) > 0.9
    model.set_params(scoring="neg_log_loss").fit(NUMBERS, y)
    assert model.score(NUMBERS, y) > -0.5


# -- classes that rows lack ------------------------------------------------------------------


def rare_class():
    """Rows of three classes, of which one has fewer rows than there are folds."""
    return RNG.normal(size=(123, 3)), np.repeat([0, 1, 2], [60, 60, 3])


@pytest.mark.parametrize(
    "scoring",
    [
        "average_precision",
        "top_k_accuracy",
        make_scorer(
            log_loss, greater_is_better=False, response_method="predict_proba", labels=[0, 1, 2]
        ),
    ],
    ids=lambda scoring: scoring if isinstance(scoring, str) else "labels",
)
def test_a_class_that_is_never_scored_is_no_hindrance(scoring):
    model = EvolutionaryClassifier(
        search_space=["linear_discriminant_analysis"], scoring=scoring, **SETTINGS
    )
    model.fit(*rare_class())
    assert not any(model.cv_results_["failure"])


def test_decision_values_are_those_of_the_classes_that_are_there():
    X = np.array([[-1.0], [-2.0], [1.0], [2.0]])
    model = LogisticRegression().fit(X, ["b", "b", "c", "c"])
    values = model.decision_function(X)
    asked = PredictedClassifier(model, X, np.array(["a", "b"]))
    assert (asked.decision_function(X) > 0).all()  # it is rather b than a, which it never saw
    three = PredictedClassifier(model, X, np.array(["a", "b", "c"])).decision_function(X)
    np.testing.assert_allclose(three[:, 2] - three[:, 1], 2 * values)
    same = PredictedClassifier(model, X, np.array(["b", "c"])).decision_function(X)
    np.testing.assert_array_equal(same, values)


@pytest.mark.parametrize("metric", [mean_absolute_error, lambda y_true, y_pred: 0.0])
def test_a_metric_is_no_scorer(metric):
    with pytest.raises(ValueError, match=r"make one of a metric by sklearn\.metrics\.make_sco"):
        regressor(scoring=metric).fit(np.zeros((30, 2)), np.arange(30.0))


def test_a_classifier_without_probabilities_is_named_with_the_reason():
    X, y = np.arange(60.0)[:, None], np.arange(60) % 2
    # It has probabilities with its first metric alone.
    centroids = (NearestCentroid(), {"metric": ["euclidean", "manhattan"]})
    model = EvolutionaryClassifier(
        search_space=[centroids], time_budget=None, n_evaluations=8, cv=2, random_state=0
    ).fit(X, y)
    failures = " ".join(model.cv_results_["failure"])
    assert "NearestCentroid has no predict_proba, which neg_log_loss needs" in failures


def by_function(estimator, X, y):
    return 0.0


class ByObject:
    def __call__(self, estimator, X, y):
        return 0.0


@pytest.mark.parametrize(
    ("scoring", "name"),
    [
        (by_function, "by_function"),
        (partial(by_function), "by_function"),
        (ByObject(), "ByObject"),
    ],
)
def test_the_name_of_a_function_is_no_address(scoring, name):
    assert make_objective(scoring).name == name
