"""Bad input: each case is refused with one sentence that names the thing."""

import re

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import NotFittedError
from sklearn.metrics import f1_score
from sklearn.model_selection import GroupKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils._param_validation import InvalidParameterError

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor, Float, SearchError

ROWS = 40
RNG = np.random.default_rng(0)
X = RNG.normal(size=(ROWS, 3))
Y = (X[:, 0] > 0).astype(int)
TARGET = X[:, 0] * 2.0
FRAME = pd.DataFrame({"size": X[:, 0], "price": X[:, 1], "city": ["Aachen", "Bonn"] * 20})


def broken():
    """Return an instance of a classifier that can never be fitted."""

    class Broken(ClassifierMixin, BaseEstimator):
        def fit(self, X, y):
            raise OSError("the disk is full")

        def predict(self, X):
            return np.zeros(len(X))

    return Broken()


class Bare:
    """A classifier that has nothing of scikit-learn but parameters, `fit` and `predict`."""

    def get_params(self, deep=True):
        return {}

    def fit(self, X, y):
        return self

    def predict(self, X):
        return np.zeros(len(X))


def changed(array, index, value):
    """Return a copy of an array with one value replaced."""
    copy = np.array(array, dtype=float)
    copy[index] = value
    return copy


def with_value(values, index, value):
    """Return a list with one value replaced, of any type."""
    copy = list(values)
    copy[index] = value
    return copy


def with_column(values, name="tags"):
    return FRAME.assign(**{name: pd.Series(values, dtype=object)})


def fit(X=X, y=Y, *, regressor=False, fit_params=None, **params):
    """Return a function that fits; `params` go to the estimator."""
    estimator = EvolutionaryRegressor if regressor else EvolutionaryClassifier
    settings = {
        "time_budget": None,
        "n_evaluations": 4,
        "population_size": 4,
        "search_space": ["decision_tree"],
        "n_jobs": 1,
        "random_state": 0,
    }
    return lambda: estimator(**{**settings, **params}).fit(X, y, **(fit_params or {}))


def predict(fitted_on, table, **params):
    """Return a function that fits on one table and predicts for another."""
    return lambda: fit(fitted_on, **params)().predict(table)


def case(name, call, error, *words):
    """Return a case; `words` are patterns that must all be in the message, in any order."""
    return pytest.param(call, error, words, id=name)


TABLES = [
    case("no rows", fit(np.empty((0, 3)), np.empty(0)), ValueError, r"0 (sample|row)|empty"),
    case("no rows in a frame", fit(FRAME[:0], Y[:0]), ValueError, r"0 (sample|row)|empty"),
    case(
        "no columns", fit(np.empty((ROWS, 0)), Y), ValueError, r"0 (feature|column)|no column"
    ),
    case("one row", fit(X[:1], Y[:1]), ValueError, r"1 (sample|row)|one (row|sample|class)"),
    case("3-d table", fit(np.ones((ROWS, 2, 2))), ValueError, r"dim|3-d|2-d"),
    case("1-d table", fit(X[:, 0]), ValueError, r"1d|1-d|2d|2-d|dim"),
    case("complex numbers", fit(X + 1j), ValueError, r"complex"),
    case("infinity in an array", fit(changed(X, (3, 1), np.inf)), ValueError, r"inf"),
    case(
        "infinity in a frame",
        fit(FRAME.assign(price=changed(FRAME["price"], 3, -np.inf))),
        ValueError,
        r"inf",
        r"price",
    ),
    case(
        "column of lists", fit(with_column([[1, 2]] * ROWS)), (ValueError, TypeError), r"tags"
    ),
    case(
        "column of dicts", fit(with_column([{"a": 1}] * ROWS)), (ValueError, TypeError), r"tags"
    ),
    case(
        "two columns of one name",
        fit(pd.concat([FRAME, FRAME[["city"]]], axis=1)),
        ValueError,
        r"city",
    ),
    case(
        "rows of different lengths",
        fit([[1.0, 2.0]] * 3 + [[3.0]] + [[1.0, 2.0]] * 36),
        ValueError,
        r"row 3 has 1 value\b",
        r"row 0 has 2 values",
    ),
    case(
        "lists in cells",
        fit([[1.0, 2.0]] * 3 + [[1.0, [5, 6]]] + [[1.0, 2.0]] * 36),
        ValueError,
        r"row 3",
        r"column 1",
        r"\[5, 6\]",
    ),
    case(
        "an array of lists",
        fit(np.array([[1.0, 2.0], [3.0]] * 20, dtype=object)),
        ValueError,
        r"row 1 has 1 value\b",
    ),
    case("a list of dictionaries", fit([{"a": 1.0}] * ROWS), ValueError, r"DataFrame\(X\)"),
    case("a list of texts", fit(["some text"] * ROWS), ValueError, r"texts", r"DataFrame"),
    case("a series of texts", fit(FRAME["city"]), ValueError, r"texts", r"DataFrame"),
]

TARGETS = [
    case("no target", fit(X, None), ValueError, r"\by\b"),
    case("y of wrong length", fit(X, Y[:-1]), ValueError, r"40", r"39"),
    case("one class", fit(X, np.zeros(ROWS)), ValueError, r"class"),
    case("NaN in a class target", fit(X, changed(Y, 3, np.nan)), ValueError, r"NaN|missing"),
    case(
        "None in a string target",
        fit(X, np.array([None, *["a", "b"] * 19, "a"], dtype=object)),
        ValueError,
        r"NaN|None|missing",
    ),
    case(
        "pd.NA in a target of objects",
        fit(X, pd.Series([pd.NA, *["a", "b"] * 19, "a"], dtype=object)),
        ValueError,
        r"NA\b|missing",
    ),
    case("infinite class target", fit(X, changed(Y, 3, np.inf)), ValueError, r"inf"),
    case("continuous target of a classifier", fit(X, TARGET), ValueError, r"continuous"),
    case("two targets", fit(X, np.column_stack([Y, 1 - Y])), ValueError, r"\by\b|output"),
    case(
        "string target of a regressor",
        fit(X, np.array(["low", "high"] * 20, dtype=object), regressor=True),
        ValueError,
        r"string|str\b|number|numeric|text",
    ),
    case(
        "NaN in a regression target",
        fit(X, changed(TARGET, 3, np.nan), regressor=True),
        ValueError,
        r"NaN|missing",
    ),
    case(
        "infinite regression target",
        fit(X, changed(TARGET, 3, np.inf), regressor=True),
        ValueError,
        r"inf",
    ),
    case(
        "missing value in a nullable target",
        fit(X, pd.Series([None, *range(1, ROWS)], dtype="Int64"), regressor=True),
        ValueError,
        r"NaN|NA\b|missing",
    ),
    case(
        "a word among numbers",
        fit(X, with_value(TARGET, 7, "price"), regressor=True),
        ValueError,
        r"y\[7\] is 'price' of type str",
        r"1 of 40",
    ),
    case(
        "numbers with units",
        fit(X, [f"{value:.2f} EUR" for value in TARGET], regressor=True),
        ValueError,
        r"y\[0\] is '.* EUR'",
        r"convert",
    ),
    case(
        "a date among numbers",
        fit(X, with_value(TARGET, 9, pd.Timestamp("2024-05-31")), regressor=True),
        ValueError,
        r"y\[9\]",
        r"2024-05-31",
    ),
    case(
        "dates for a regressor",
        fit(X, pd.date_range("2024-01-01", periods=ROWS), regressor=True),
        ValueError,
        r"2024-01-01",
    ),
    case(
        "integers beyond the floats",
        fit(X, with_value(TARGET, 5, 10**400), regressor=True),
        ValueError,
        r"y\[5\]",
        r"beyond",
    ),
    case(
        "only integers beyond the floats",
        fit(X, [10**400 + i for i in range(ROWS)], regressor=True),
        ValueError,
        r"y\[0\]",
        r"beyond",
    ),
    case(
        "numbers whose squares overflow",
        fit(X, TARGET * 1e300, regressor=True),
        ValueError,
        r"squares",
        r"divide y by",
    ),
    case(
        "numbers whose squares vanish",
        fit(X, TARGET * 1e-200, regressor=True),
        ValueError,
        r"squares",
        r"divide y by",
    ),
    case("lists of different lengths as y", fit(X, [[1], [1, 2]] * 20), ValueError, r"y must"),
    case("an empty target", fit(X, []), ValueError, r"y has 0 entries"),
    case("a number as y", fit(X, 3), ValueError, r"y must", r"\b3\b"),
    case(
        "labels in bytes",
        fit(X, np.array([b"\xff", b"a"], dtype=object)[Y]),
        ValueError,
        r"\by\b.*bytes",
        r"decode",
    ),
    case("labels in fixed bytes", fit(X, np.array([b"b", b"a"])[Y]), ValueError, r"decode"),
    case(
        "labels of many digits",
        fit(X, [10**30 + int(label) for label in Y]),
        ValueError,
        r"64 bits",
    ),
    case(
        "durations for a regressor",
        fit(X, pd.to_timedelta(range(ROWS), unit="h"), regressor=True),
        ValueError,
        r"seconds",
    ),
    case("one class of NumPy's", fit(X, np.zeros(ROWS, dtype=int)), ValueError, r"class, 0;"),
    case("one class, text", fit(X, np.full(ROWS, "yes")), ValueError, r"class, 'yes';"),
]

SETTINGS = [
    case(
        "unknown scorer", fit(scoring="no_such_score"), ValueError, r"scoring", r"no_such_score"
    ),
    case(
        "scorer of two classes for three",
        fit(X, np.arange(ROWS) % 3, scoring="roc_auc"),
        ValueError,
        r"scoring",
        r"roc_auc_ovr",
    ),
    case(
        "scorer of probabilities and none to be had",
        fit(scoring="neg_log_loss", search_space=[LinearSVC()]),
        ValueError,
        r"neg_log_loss|scoring|scorer",
        r"predict_proba|probabilit",
    ),
    case("a metric as scorer", fit(scoring=f1_score), ValueError, r"f1_score", r"make_scorer"),
    case("an old metric", fit(scoring="log_loss"), ValueError, r"did you mean 'neg_log_loss'"),
    case(
        "a metric of two classes for three",
        fit(X, np.arange(ROWS) % 3, scoring="f1"),
        ValueError,
        r"scoring='f1'",
        r"multiclass",
        r"macro",
    ),
    case(
        "a metric of numbers for words",
        fit(X, np.array(["no", "yes"])[Y], scoring="r2"),
        ValueError,
        r"scoring='r2'",
    ),
    case(
        "a metric of classes for numbers",
        fit(X, TARGET, regressor=True, scoring="accuracy"),
        ValueError,
        r"scoring='accuracy'",
        r"continuous",
    ),
    case(
        "a metric of probabilities for numbers",
        fit(X, TARGET, regressor=True, scoring="neg_log_loss"),
        ValueError,
        r"neg_log_loss",
        r"predict_proba",
    ),
    case(
        "a metric of positive numbers",
        fit(X, TARGET, regressor=True, scoring="neg_mean_gamma_deviance"),
        ValueError,
        r"neg_mean_gamma_deviance",
        r"positive",
    ),
    case("no metric in a list", fit(scoring=[]), ValueError, r"scoring is empty"),
    case("a metric twice", fit(scoring=["f1", "f1"]), ValueError, r"different names"),
    case("functions in a list", fit(scoring=[len]), ValueError, r"dictionary"),
    case(
        "refit of another metric",
        fit(scoring=["f1", "accuracy"], refit="recall"),
        ValueError,
        r"refit='recall'",
        r"'f1', 'accuracy'",
    ),
    case("refit of one metric", fit(scoring="f1", refit="f1"), ValueError, r"refit", r"list"),
    *(
        case(f"cv with {name}", fit(cv=[(range(20), test)]), ValueError, r"split 0", *words)
        for name, test, *words in (
            ("rows out of range", [38, 40], r"row 40", r"0 to 39"),
            ("negative rows", [20, -1], r"row -1"),
            ("labels", ["a", "b"], r"'a'", r"positions"),
            ("shares of rows", [0.5, 1.5], r"0\.5"),
            ("a mask of other rows", np.ones(39, dtype=bool), r"40 booleans"),
            ("no test rows", [], r"no test rows"),
        )
    ),
    case("cv of rows alone", fit(cv=[[1, 2, 3]]), ValueError, r"split 0", r"pair"),
    *(
        case(f"kinds with a {name} of NumPy's", fit(kinds=kinds), ValueError, word)
        for name, kinds, word in (
            ("key", {np.int64(7): "numeric"}, r"column 7\b"),
            ("kind", {0: np.str_("word")}, r"'word'"),
        )
    ),
    case(
        "a budget of NumPy's below 0",
        fit(time_budget=np.float64(-1)),
        InvalidParameterError,
        r"got -1\.0",
    ),
    case(
        "a domain of NumPy's", lambda: Float(np.float64(2), np.float64(1)), ValueError, r"low=2"
    ),
    case(
        "time_budget of 0", fit(time_budget=0), InvalidParameterError, r"time_budget", r"\b0\b"
    ),
    case("time_budget below 0", fit(time_budget=-1.0), InvalidParameterError, r"time_budget"),
    case("n_evaluations of 0", fit(n_evaluations=0), InvalidParameterError, r"n_evaluations"),
    case("n_generations of 0", fit(n_generations=0), InvalidParameterError, r"n_generations"),
    case("unknown final model", fit(final_model="best"), InvalidParameterError, r"final_model"),
    case("a cv of one fold", fit(cv=1), ValueError, r"cv|split|fold"),
    case(
        "unknown name in the search space",
        fit(search_space=["no_such_model"]),
        ValueError,
        r"search_space|search space",
        r"no_such_model",
    ),
    case("empty search space", fit(search_space=[]), ValueError, r"search_space|search space"),
    case(
        "search space without a component for the task",
        fit(search_space=["ridge"]),
        ValueError,
        r"ridge|search_space|search space",
        r"classif",
    ),
    case(
        "a classifier in a regressor's search space",
        fit(X, TARGET, regressor=True, search_space=[LinearSVC()]),
        ValueError,
        r"regress",
    ),
    case(
        "a class instead of an instance",
        fit(search_space=[LinearSVC]),
        (ValueError, TypeError),
        r"LinearSVC",
    ),
    *(
        case(name, fit(search_space=[estimator]), TypeError, r"Bare", r"BaseEstimator")
        for name, estimator in (
            ("an estimator without tags", Bare()),
            (
                "a pipeline without tags",
                Pipeline([("scale", StandardScaler()), ("own", Bare())]),
            ),
        )
    ),
    case(
        "domain of a parameter that the estimator has not",
        fit(search_space=[(LinearSVC(), {"no_such_parameter": [1, 2]})]),
        (ValueError, TypeError),
        r"no_such_parameter",
    ),
]

WEIGHTS_AND_GROUPS = [
    case(
        "negative weight",
        fit(fit_params={"sample_weight": changed(np.ones(ROWS), 3, -1)}),
        ValueError,
        r"negative",
        r"weight",
    ),
    case(
        "weights all zero",
        fit(fit_params={"sample_weight": np.zeros(ROWS)}),
        ValueError,
        r"zero",
        r"weight",
    ),
    case(
        "NaN weight",
        fit(fit_params={"sample_weight": changed(np.ones(ROWS), 3, np.nan)}),
        ValueError,
        r"NaN",
        r"weight",
    ),
    case(
        "weights of wrong length",
        fit(fit_params={"sample_weight": np.ones(ROWS - 1)}),
        ValueError,
        r"weight",
        r"39",
    ),
    *(
        case(
            f"weights of {name}",
            fit(fit_params={"sample_weight": weights}),
            ValueError,
            r"sample_weight",
            *words,
        )
        for name, weights, *words in (
            ("text", ["heavy", *["1"] * 39], r"'heavy'"),
            ("numbers in text", np.array(["1.5"] * ROWS), r"'1\.5'"),
            ("complex numbers", np.ones(ROWS) + 1j, r"numbers"),
            ("dates", pd.date_range("2024-01-01", periods=ROWS), r"numbers"),
            ("missing values", with_value([1.0] * ROWS, 2, None), r"NaN"),
            ("lists", [[1.0], [1.0, 2.0]] * 20, r"numbers"),
            ("a sum beyond the floats", np.full(ROWS, 1e308), r"sum"),
            ("integers beyond the floats", [10**400] * ROWS, r"numbers"),
        )
    ),
    case("groups missing for a group splitter", fit(cv=GroupKFold(2)), ValueError, r"groups"),
    case(
        "groups of wrong length",
        fit(fit_params={"groups": np.arange(ROWS - 1)}),
        ValueError,
        r"groups|inconsistent",
        r"39",
    ),
    case("no groups but a number", fit(fit_params={"groups": 3}), ValueError, r"groups must"),
    case(
        "missing groups",
        fit(fit_params={"groups": np.array([None, "a"] * (ROWS // 2), dtype=object)}),
        ValueError,
        rf"groups has {ROWS // 2} missing values",
    ),
    case(
        "lists as groups",
        fit(fit_params={"groups": [[1], [1, 2]] * 20}),
        ValueError,
        r"groups must",
    ),
    case(
        "dictionaries as groups",
        fit(fit_params={"groups": [{}] * ROWS}),
        ValueError,
        r"groups must",
    ),
    case("a single group", fit(fit_params={"groups": np.zeros(ROWS)}), ValueError, r"group"),
]

PREDICTIONS = [
    case(
        "predict before fit",
        lambda: EvolutionaryClassifier().predict(X),
        NotFittedError,
        r"fit",
    ),
    case(
        "predict_proba before fit",
        lambda: EvolutionaryClassifier().predict_proba(X),
        NotFittedError,
        r"fit",
    ),
    case("column missing", predict(FRAME, FRAME[["size", "city"]]), ValueError, r"price"),
    case(
        "other column name",
        predict(FRAME, FRAME.rename(columns={"price": "cost"})),
        ValueError,
        r"price",
    ),
    case("fewer columns in an array", predict(X, X[:, :2]), ValueError, r"2 features", r"3"),
    case("infinity", predict(X, changed(X, (0, 0), np.inf)), ValueError, r"inf"),
    case(
        "complex numbers in a column of text",
        predict(FRAME, FRAME.assign(city=1j)),
        ValueError,
        r"complex",
        r"'city'",
    ),
    case(
        "rows of different lengths", predict(X, [[1.0, 2.0, 3.0], [1.0]]), ValueError, r"row 1"
    ),
    case(
        "text in a column of numbers",
        predict(FRAME, FRAME.assign(price="cheap")),
        ValueError,
        r"price",
    ),
]


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [*TABLES, *TARGETS, *SETTINGS, *WEIGHTS_AND_GROUPS, *PREDICTIONS],
)
def test_is_refused_with_one_sentence_that_names_it(call, error, words):
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    for word in words:
        assert re.search(word, message, re.IGNORECASE), f"no {word!r} in: {message}"
    assert len(message.splitlines()) == 1, message
    assert not re.search(r"\bnp\.|\bnumpy\.", message), message


def test_when_every_candidate_fails_the_error_says_why_and_how_often():
    with pytest.raises(SearchError, match="the disk is full") as caught:
        fit(search_space=[broken()], scoring="accuracy")()
    message = str(caught.value)
    reasons, _, frames = message.partition("\n")
    assert reasons.count("the disk is full") == 1, "equal reasons are told once"
    assert frames.count("OSError: the disk is full") == 1, "the last failure follows"
    assert re.search(r"\b\d+\b", message), "how many failed"


def test_a_refused_fit_leaves_no_half_fitted_model():
    model = EvolutionaryClassifier(time_budget=None, n_evaluations=4, search_space=["ridge"])
    with pytest.raises(ValueError, match="classif"):
        model.fit(X, Y)
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_a_message_names_the_estimator_the_user_called():
    with pytest.raises(InvalidParameterError, match="EvolutionaryRegressor"):
        fit(X, TARGET, regressor=True, time_budget=-1)()
