"""Other libraries' use of a fitted model: as a search object, and as an estimator."""

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, clone, is_classifier, is_regressor
from sklearn.compose import make_column_transformer
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.frozen import FrozenEstimator
from sklearn.inspection import partial_dependence, permutation_importance
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import fbeta_score, get_scorer_names, make_scorer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor
from evolearn.fit.data import read_data
from evolearn.fit.settings import Settings

RNG = np.random.default_rng(0)
ROWS = 160
NUMBERS = RNG.normal(size=(ROWS, 4))
CITY = RNG.choice(["Aachen", "Bonn", "Celle"], ROWS)
TABLE = pd.DataFrame(NUMBERS, columns=list("abcd")).assign(city=CITY)
SIGNAL = 3 * NUMBERS[:, 0] + 2 * (CITY == "Bonn") + np.abs(NUMBERS[:, 1])
LABELS = np.array(["no", "yes"])[(np.median(SIGNAL) < SIGNAL).astype(int)]
SETTINGS = {
    "time_budget": None,
    "n_evaluations": 5,
    "population_size": 4,
    "cv": 3,
    "n_jobs": 1,
    "random_state": 0,
}
OF_NUMBERS = ["ridge", "decision_tree", "nearest_neighbors"]
OF_CLASSES = ["logistic_regression", "decision_tree", "gaussian_naive_bayes"]


def regressor(**settings):
    return EvolutionaryRegressor(**{**SETTINGS, "search_space": OF_NUMBERS, **settings})


def classifier(**settings):
    return EvolutionaryClassifier(**{**SETTINGS, "search_space": OF_CLASSES, **settings})


@pytest.fixture(scope="module")
def of_numbers():
    return regressor().fit(TABLE, SIGNAL)


@pytest.fixture(scope="module")
def of_classes():
    return classifier().fit(TABLE, LABELS)


# -- the model as an estimator --------------------------------------------------------------


def test_the_ensemble_has_members_and_columns(of_numbers, of_classes):
    for model in (of_numbers, of_classes):
        ensemble = model.estimator_
        assert len(ensemble.estimators_) == np.count_nonzero(
            model.leaderboard_["ensemble_weight"]
        )
        assert len(ensemble.estimators_) > 1
        assert ensemble.n_features_in_ == 5
        assert list(ensemble.feature_names_in_) == list(TABLE.columns)
        check_is_fitted(ensemble)
        tags = get_tags(ensemble)
        assert tags.input_tags.allow_nan
        assert tags.input_tags.string
    assert is_regressor(of_numbers.estimator_)
    assert is_classifier(of_classes.estimator_)


def test_a_clone_of_the_ensemble_is_fitted_on_other_rows(of_numbers):
    half, other = np.split(RNG.permutation(ROWS), 2)
    ensemble = clone(of_numbers.estimator_)
    with pytest.raises(Exception, match="not fitted"):
        check_is_fitted(ensemble)
    before = pickle.dumps(of_numbers.estimator_)
    ensemble.fit(TABLE.iloc[half], SIGNAL[half])
    assert ensemble.score(TABLE.iloc[other], SIGNAL[other]) > 0.8
    assert sum(ensemble.weights_) == pytest.approx(1)
    assert pickle.dumps(of_numbers.estimator_) == before
    again = clone(ensemble).fit(TABLE.iloc[half], SIGNAL[half])
    np.testing.assert_array_equal(again.predict(TABLE), ensemble.predict(TABLE))


def test_members_and_weights_are_those_of_the_rows_that_are_given(of_classes):
    flipped = np.where(LABELS == "yes", "nein", "ja")
    ensemble = clone(of_classes.estimator_).fit(TABLE, flipped)
    assert list(ensemble.classes_) == ["ja", "nein"]
    assert ensemble.score(TABLE, flipped) > 0.8
    counted = np.where(np.arange(ROWS) < 100, 1.0, 0.0)
    weighted = clone(ensemble).fit(TABLE, flipped, sample_weight=counted)
    assert weighted.score(TABLE, flipped) > 0.7


def test_a_stacking_layer_is_fitted_again():
    X = RNG.normal(size=(600, 3))
    y = X[:, 0] * X[:, 1] + X[:, 2]
    model = regressor(search_space=["ridge", "gradient_boosting"]).fit(X, y)
    if not model.stacking_weights_:
        pytest.skip("stacking was no better")
    ensemble = clone(model.estimator_).fit(X[:400], y[:400])
    assert ensemble.score(X[400:], y[400:]) > 0.5


def test_scikit_learn_inspects_the_ensemble(of_numbers, of_classes):
    found = permutation_importance(of_numbers.estimator_, TABLE, SIGNAL, n_repeats=2)
    assert found.importances_mean.argmax() == 0
    curve = partial_dependence(of_classes.estimator_, TABLE, ["a"], grid_resolution=5)
    assert (np.diff(curve["average"][0]) >= -0.05).all()
    frozen = FrozenEstimator(of_classes.estimator_).fit(TABLE, LABELS)
    np.testing.assert_array_equal(frozen.predict(TABLE), of_classes.predict(TABLE))


def test_a_boundary_is_displayed():
    pytest.importorskip("matplotlib").use("agg")
    from sklearn.inspection import DecisionBoundaryDisplay

    X, y = NUMBERS[:, :2], (NUMBERS[:, 0] > 0).astype(int)
    model = classifier().fit(X, y)
    for method in ("predict", "predict_proba"):
        display = DecisionBoundaryDisplay.from_estimator(
            model.estimator_, X, grid_resolution=5, response_method=method
        )
        assert display.response.shape == (5, 5)


@pytest.mark.parametrize("labels", [LABELS, np.resize(["a", "b", "c"], ROWS)])
def test_an_ensemble_has_decision_values_and_logarithms(labels):
    model = classifier().fit(TABLE, labels)
    probabilities, values = model.predict_proba(TABLE), model.decision_function(TABLE)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(TABLE)), probabilities)
    if len(model.classes_) == 2:
        np.testing.assert_allclose(1 / (1 + np.exp(-values)), probabilities[:, 1], atol=1e-3)
    else:
        np.testing.assert_array_equal(values.argmax(axis=1), probabilities.argmax(axis=1))


# -- feature names --------------------------------------------------------------------------


@pytest.mark.filterwarnings("always")
@pytest.mark.parametrize("final_model", ["ensemble", "single"])
def test_an_array_after_a_frame_warns_once_in_the_name_of_the_class(final_model):
    columns = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["city"]))
    own = make_pipeline(columns, LogisticRegression())
    for space in (OF_CLASSES, [own], [*OF_CLASSES, own]):
        model = classifier(search_space=space, final_model=final_model).fit(TABLE, LABELS)
        with pytest.warns(UserWarning, match="EvolutionaryClassifier was fitted with") as seen:
            predicted = model.predict(TABLE.to_numpy())
        assert len(seen) == 1
        np.testing.assert_array_equal(predicted, model.predict(TABLE))


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_the_best_model_predicts_an_array_after_a_frame(of_numbers, of_classes):
    for model in (of_numbers, of_classes):
        expected = model.best_estimator_.predict(TABLE)
        np.testing.assert_array_equal(model.best_estimator_.predict(TABLE.to_numpy()), expected)


# -- the model as a search object -----------------------------------------------------------


def test_the_best_candidate_is_found_in_the_results(of_numbers):
    results, best = of_numbers.cv_results_, of_numbers.best_index_
    assert results["rank_test_score"][best] == 1
    assert results["params"][best] == of_numbers.best_params_
    assert results["mean_test_score"][best] == pytest.approx(of_numbers.best_score_)
    assert of_numbers.n_splits_ == 3
    assert of_numbers.refit_time_ > 0
    assert not of_numbers.multimetric_


@pytest.mark.parametrize(
    ("scoring", "refit", "optimised"),
    [
        (["accuracy", "roc_auc", "f1"], None, "accuracy"),
        (["accuracy", "roc_auc", "f1"], "roc_auc", "roc_auc"),
        (
            {"hits": "accuracy", "own": lambda model, X, y: np.mean(model.predict(X) == y)},
            "own",
            "own",
        ),
    ],
)
def test_several_metrics_are_measured_and_one_is_optimised(scoring, refit, optimised):
    model = classifier(scoring=scoring, refit=refit).fit(TABLE, LABELS)
    results = model.cv_results_
    np.testing.assert_allclose(
        results[f"mean_test_{optimised}"], results["mean_test_score"], atol=1e-12
    )
    for name in scoring:
        folds = np.column_stack([results[f"split{i}_test_{name}"] for i in range(3)])
        run = ~np.isnan(folds).any(axis=1)
        np.testing.assert_allclose(results[f"mean_test_{name}"][run], folds[run].mean(axis=1))
        assert results[f"rank_test_{name}"].min() == 1
    assert set(model.scorer_) == set(scoring)
    assert model.multimetric_
    assert model.best_score_ == pytest.approx(results[f"mean_test_{optimised}"].max())
    assert 0.5 < model.score(TABLE, LABELS) <= 1


def test_a_metric_that_fails_costs_no_candidate():
    def broken(model, X, y):
        raise RuntimeError("no luck")

    scoring = {"right": "accuracy", "broken": broken}
    model = classifier(scoring=scoring).fit(TABLE, LABELS)
    assert np.isnan(model.cv_results_["mean_test_broken"]).all()
    assert "no luck" in str(model.cv_results_["warnings"][0])
    assert model.best_score_ > 0.5


def test_metrics_are_kept_in_a_journal(tmp_path):
    def fitted(**settings):
        scoring = ["neg_mean_absolute_error", "r2"]
        return regressor(scoring=scoring, journal=tmp_path, **settings).fit(TABLE, SIGNAL)

    first, second, other = fitted(), fitted(), fitted(refit="r2")
    for name in ("mean_test_r2", "mean_test_neg_mean_absolute_error"):
        np.testing.assert_array_equal(first.cv_results_[name], second.cv_results_[name])
    assert len(list(tmp_path.glob("*.sqlite"))) == 2
    assert other.best_score_ == pytest.approx(other.cv_results_["mean_test_r2"].max())


@pytest.mark.filterwarnings("ignore")  # metrics of clusters, top-k of two classes
@pytest.mark.parametrize("name", [*get_scorer_names(), "max_error"])
def test_every_scorer_works_or_is_refused_before_the_search(name):
    """No name is unknown, and none lets all candidates fail one after the other."""
    chances = np.random.default_rng(1).dirichlet([1, 1], ROWS)
    for make, y, predictions in (
        (classifier, LABELS, chances),
        (regressor, np.abs(SIGNAL) + 1, np.abs(SIGNAL) + 2),
    ):
        refusal = ""
        try:
            data = read_data(Settings.of(make(scoring=name)), NUMBERS, y, None, None)
        except ValueError as error:
            refusal = str(error)
        if refusal:
            assert refusal.startswith("scoring=")
            assert "is no scorer" not in refusal
        else:
            encoded = data.task.encoded(y)
            score = data.task.score_predictions(predictions, encoded, data.objective, None)
            assert np.isfinite(score)


# scikit-learn 1.7 has no scorer of the name d2_brier_score.
@pytest.mark.parametrize(
    "scoring",
    ["max_error", *sorted({"d2_brier_score", "neg_brier_score"} & set(get_scorer_names()))],
)
def test_a_seldom_scorer_has_a_best_score(scoring):
    make, y = (regressor, SIGNAL) if scoring == "max_error" else (classifier, LABELS)
    model = make(scoring=scoring, n_evaluations=1, search_space=["decision_tree"], cv=2)
    assert np.isfinite([model.fit(NUMBERS, y).best_score_, model.score(NUMBERS, y)]).all()


@pytest.mark.parametrize("name", ["f1", "precision", "recall", "jaccard", "average_precision"])
def test_the_later_class_is_the_positive_one(name):
    zero_one = (LABELS == "yes").astype(int)
    tree = {"search_space": ["decision_tree"], "n_evaluations": 1, "cv": 2}
    words, numbers = (
        classifier(scoring=name, **tree).fit(NUMBERS, y).best_score_ for y in (LABELS, zero_one)
    )
    assert words == pytest.approx(numbers)


# -- importances ----------------------------------------------------------------------------


def test_importances_are_those_of_the_columns_of_the_table(of_numbers, of_classes):
    X = TABLE.assign(same=1.0)
    for model in (of_numbers, of_classes, regressor().fit(X, SIGNAL)):
        importances = model.feature_importances_
        assert importances.shape == (model.n_features_in_,)
        assert importances.sum() == pytest.approx(1)
        assert (importances >= 0).all()
        assert importances.argmax() == 0
        assert importances[4] > importances[2]  # the city decides, c does not
    assert importances[5] == 0


@pytest.mark.parametrize("selector", [SelectFromModel, RFE])
def test_columns_are_selected_by_importance(selector):
    y = 3 * NUMBERS[:, 1] - 3 * NUMBERS[:, 3]
    model = regressor(search_space=["ridge", "decision_tree"], n_evaluations=4)
    support = selector(model).fit(NUMBERS, y).get_support()
    assert support.tolist() == [False, True, False, True]


@pytest.mark.parametrize("library", ["polars", "pyarrow"])
def test_importances_of_other_tables(of_numbers, library):
    pytest.importorskip(library)
    if library == "polars":
        import polars

        table = polars.from_pandas(TABLE)
    else:
        import pyarrow

        table = pyarrow.Table.from_pandas(TABLE)
    model = regressor().fit(table, SIGNAL)
    np.testing.assert_allclose(
        model.feature_importances_, of_numbers.feature_importances_, atol=1e-12
    )


def test_a_later_fit_without_importances_has_none():
    from scipy import sparse

    model = regressor(search_space=["ridge"], n_evaluations=1).fit(NUMBERS, SIGNAL)
    assert hasattr(model, "feature_importances_")
    assert not hasattr(model.fit(sparse.csr_matrix(NUMBERS), SIGNAL), "feature_importances_")


# -- estimators in the space ----------------------------------------------------------------


class Untyped(BaseEstimator):
    """A classifier without `ClassifierMixin`."""

    def fit(self, X, y):
        self.tree_ = DecisionTreeClassifier(max_depth=3).fit(X, y)
        return self

    def predict(self, X):
        return self.tree_.predict(X)


class WithProbabilities(Untyped):
    def predict_proba(self, X):
        return self.tree_.predict_proba(X)


@pytest.mark.parametrize(
    ("estimator", "scoring"),
    [
        (Untyped(), "f1_macro"),
        (WithProbabilities(), None),
        (WithProbabilities(), "roc_auc"),
        (make_pipeline(StandardScaler(), Untyped()), "accuracy"),
    ],
)
def test_a_classifier_need_not_say_that_it_is_one(estimator, scoring):
    model = classifier(search_space=[estimator], scoring=scoring, n_evaluations=1)
    model.fit(NUMBERS, LABELS)
    assert set(model.predict(NUMBERS)) <= {"no", "yes"}
    assert np.mean(model.predict(NUMBERS) == LABELS) > 0.7


def test_a_regressor_need_not_say_that_it_is_one():
    class Mean(BaseEstimator):
        def fit(self, X, y):
            self.line_ = LinearRegression().fit(X, y)
            return self

        def predict(self, X):
            return self.line_.predict(X)

    model = regressor(search_space=[Mean()], n_evaluations=1).fit(NUMBERS, SIGNAL)
    assert model.score(NUMBERS, SIGNAL) > 0.5


def test_scorers_of_users_know_the_positive_class_too():
    scoring = make_scorer(fbeta_score, beta=2)
    model = classifier(search_space=["decision_tree"], n_evaluations=1, scoring=scoring)
    assert model.fit(NUMBERS, LABELS).best_score_ > 0


# -- saved models ---------------------------------------------------------------------------


def types_in(value, seen=None):
    """Return the types of a saved model that a reader has to trust, as skops counts them."""
    seen = set() if seen is None else seen
    if isinstance(value, dict):
        parts = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple):
        parts = value
    elif type(value).__module__.startswith("evolearn."):
        seen.add(type(value).__name__)
        parts = [value.__getstate__()]
    else:
        parts = [value.__getstate__()] if isinstance(value, BaseEstimator) else []
    for part in parts:
        types_in(part, seen)
    return seen


def test_few_types_must_be_trusted(of_numbers, of_classes):
    for model in (of_numbers, of_classes):
        kind = type(model).__name__.replace("Evolutionary", "Ensemble")
        assert types_in(model) == {type(model).__name__, kind, "ColumnPreparer"}


def test_a_model_without_its_search_predicts_and_scores(of_classes):
    for scoring, refit in (("f1", None), (["accuracy", "f1"], "f1")):
        model = classifier(scoring=scoring, refit=refit, n_evaluations=2).fit(TABLE, LABELS)
        light = type(model).__new__(type(model))
        light.__setstate__(model.__getstate__())
        assert not hasattr(light, "search_space_")
        np.testing.assert_array_equal(light.predict_proba(TABLE), model.predict_proba(TABLE))
        assert light.score(TABLE, LABELS) == model.score(TABLE, LABELS)
        whole = pickle.loads(pickle.dumps(model))
        assert list(whole.search_space_.names) == list(model.search_space_.names)
