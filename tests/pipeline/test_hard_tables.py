"""Tables on which candidates failed, or learned nothing, that should not have."""

import warnings
from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_matrix, random
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import Ridge
from sklearn.model_selection import KFold

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor, SearchSpace
from evolearn.cost.restriction import restrict
from evolearn.data import prepare_table
from evolearn.exceptions import EvolearnWarning
from evolearn.genes.screening.relations import find_relations
from evolearn.networks import NetworkRegressor
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.problem import Problem

# Workers cannot import this module: what is defined here goes to them by value.

RNG = np.random.default_rng(0)
SETTINGS = {"time_budget": None, "random_state": 0}


def space_of(table, task="regression", **facts):
    problem = Problem(task, prepare_table(table).schema, **facts)
    return restrict(SearchSpace.default(task), problem), problem


def built(table, params, **facts):
    space, problem = space_of(table, **facts)
    return build_pipeline(space.genome(params), space, problem, 0)


# -- values that few rows know ---------------------------------------------------------------


@pytest.mark.parametrize("n_known", [1, 3])
@pytest.mark.parametrize("stops", [False, True])
def test_boosting_takes_a_column_that_is_missing_in_all_rows_of_a_fold(n_known, stops):
    X = RNG.normal(size=(300, 3))
    X[n_known:, 1] = np.nan
    boosting = {
        "estimator": "hist_gradient_boosting",
        "hist_gradient_boosting__early_stopping": stops,
    }
    model = built(X, boosting)
    for train, test in KFold(5).split(X):
        model.fit(X[train], X[train, 0])
        assert np.mean((model.predict(X[test]) - X[test, 0]) ** 2) < 0.2


def test_relations_are_looked_for_where_a_number_is_known_in_one_half_alone():
    X = np.column_stack([RNG.normal(size=(400, 2)), RNG.integers(0, 4, 400)])
    target = RNG.normal(size=(400, 1))
    for known in range(8):
        some = X.copy()
        some[:, 1] = np.nan
        some[known, 1] = 1.0
        assert find_relations(some, 2, target, 0) == ()


# -- numbers far from zero -------------------------------------------------------------------


def test_a_number_out_of_range_is_answered_behind_a_power_transform():
    years = np.clip(2023 - RNG.exponential(8, 300).round(), 1950, 2023)
    X = np.column_stack([years, RNG.normal(size=300)])
    model = built(X, {"estimator": "ridge", "scaler": "power"}).fit(X, years - 2000 + X[:, 1])
    answers = model.predict(np.array([[2100.0, 0.0], [9999.0, 0.0], [1e10, 0.0]]))
    assert np.isfinite(answers).all()
    assert answers[0] < 1e6


@pytest.mark.parametrize("offset", [1e5, 1e6])
def test_a_skewed_target_far_from_zero_is_learned_behind_a_power_transform(offset):
    X = RNG.exponential(300, size=(400, 1))
    target = offset + X[:, 0]
    model = built(X, {"estimator": "decision_tree", "target": "power_target"})
    assert model.fit(X, target).score(X, target) > 0.9


def test_bins_keep_flags_and_categories():
    table = pd.DataFrame(
        {
            "flag": (RNG.random(400) < 0.3) * 1.0,
            "kind": RNG.choice(list("abcde"), 400),
            "size": RNG.normal(size=400),
        }
    )
    target = 5 * table["flag"] + table["kind"].map(dict(zip("abcde", range(5), strict=True)))
    X = prepare_table(table).matrix
    model = built(table, {"estimator": "ridge", "transformer": "bins"}).fit(X, target)
    assert model.score(X, target) > 0.95


# -- few rows --------------------------------------------------------------------------------


def test_categories_are_not_encoded_by_classes_of_fewer_than_five_rows():
    table = pd.DataFrame({"kind": RNG.choice(list("abc"), 200), "size": RNG.normal(size=200)})
    for n_classes, there in ((50, False), (10, True)):
        space, _ = space_of(
            table, "classification", n_classes=n_classes, smallest_class=200 // n_classes
        )
        assert ("target_mean" not in space.left_out) is there
        assert ("target_mean" in space.slots_of("extra_trees")["encoder"]) is there


def test_discriminant_analysis_needs_rows_for_what_tells_of_missing_values():
    X = RNG.normal(size=(80, 18))
    facts = {"n_classes": 2, "smallest_class": 60}
    assert "quadratic_discriminant_analysis" in space_of(X, "classification", **facts)[0].names
    X[::7] = np.nan
    space, _ = space_of(X, "classification", **facts)
    assert "more rows of every class" in space.left_out["quadratic_discriminant_analysis"]


# -- wishes of users -------------------------------------------------------------------------


def test_a_users_components_of_a_projection_stay_as_they_are():
    space = SearchSpace.default("regression").constrained(
        "random_projection", n_components=[4, 6]
    )
    problem = Problem("regression", prepare_table(RNG.normal(size=(60, 9))).schema)
    kept = restrict(space, problem).component("transformer", "random_projection")
    assert 6 in kept.parameters["n_components"]


def test_what_projects_very_wide_rows_is_no_larger_than_the_table():
    wide = csr_matrix((np.ones(40), (range(40), range(0, 40_000, 1_000))), shape=(40, 2**18))
    for name in ("truncated_svd", "random_projection"):
        component = space_of(wide)[0].component("transformer", name)
        assert component.parameters["n_components"].high <= 32


def test_a_network_that_diverges_says_so():
    X = RNG.normal(size=(300, 4))
    network = NetworkRegressor(learning_rate_init=1e10, random_state=0)
    with pytest.raises(ValueError, match="lower learning_rate_init"), np.errstate(all="ignore"):
        network.fit(X, 1e3 * X[:, 0])


# -- labels ----------------------------------------------------------------------------------


def test_decimal_labels_are_numbers():
    y = np.array([Decimal(1), Decimal(2)], dtype=object)[RNG.integers(0, 2, 60)]
    model = EvolutionaryClassifier(search_space=["decision_tree"], n_evaluations=1, **SETTINGS)
    assert model.fit(RNG.normal(size=(60, 2)), y).classes_.tolist() == [1, 2]


def test_labels_that_scikit_learn_does_not_know_are_named():
    y = np.array([date(2024, 1, 1), date(2024, 1, 2)], dtype=object)[RNG.integers(0, 2, 60)]
    model = EvolutionaryClassifier(n_evaluations=1, **SETTINGS)
    with pytest.raises(ValueError, match="y has labels of the type date; make all of them"):
        model.fit(RNG.normal(size=(60, 2)), y)


# -- columns ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "labels",
    [[2018, 2019, 2020], ["age", "income", 2020], [True, False, 2020]],
    ids=["numbers", "mixed", "flags"],
)
def test_columns_are_found_by_labels_that_are_no_names(labels):
    table = pd.DataFrame(RNG.normal(size=(80, 3)), columns=labels)
    model = EvolutionaryRegressor(search_space=["ridge"], n_evaluations=1, **SETTINGS)
    model.fit(table, table[labels[0]])
    expected = model.predict(table)
    np.testing.assert_allclose(model.predict(table[labels[::-1]]), expected)
    with pytest.raises(ValueError, match="missing: 2020"):
        model.predict(table.rename(columns={2020: 1066}))
    # An array, and a frame labelled by nothing but positions, go by their order.
    np.testing.assert_allclose(model.predict(pd.DataFrame(table.to_numpy())), expected)


def test_columns_that_were_left_out_are_told():
    table = pd.DataFrame(
        {"size": RNG.normal(size=80), "key": [f"k{i}" for i in range(80)], "one": 1}
    )
    model = EvolutionaryRegressor(search_space=["ridge"], n_evaluations=1, **SETTINGS)
    dropped = model.fit(table, table["size"]).dropped_columns_
    assert dropped.keys() == {"key", "one"}
    assert "identifier" in dropped["key"]
    assert dropped["one"] == "constant"


def test_numbers_and_dates_as_text_are_learned_from_and_their_formats_are_shown():
    price, day = RNG.uniform(1, 9999, 200), RNG.integers(0, 900, 200)
    sold = pd.Timestamp("2019-01-01") + pd.to_timedelta(day, unit="D")
    table = pd.DataFrame(
        {
            "price": [f"${p:,.2f}" for p in price],
            "sold": sold.strftime("%d.%m.%Y"),
            "other": RNG.normal(size=200),
        }
    )
    y = price / 1000 + day / 100
    model = EvolutionaryRegressor(search_space=["ridge"], n_evaluations=1, **SETTINGS)
    model.fit(table[:150], y[:150])
    assert model.score(table[150:], y[150:]) > 0.99
    assert model.column_kinds_ == {
        "price": "numeric (numbers as text, currency $)",
        "sold": "datetime (day, month, year as text)",
        "other": "numeric",
    }
    with pytest.warns(EvolearnWarning, match=r"column 'price'.*'a lot'") as caught:
        model.predict(pd.concat([table] * 150).assign(price="a lot"))
    assert len(caught) == 1, "though there are more rows than are predicted at once"


def test_a_column_of_numbers_with_a_mark_is_learned_from():
    income = RNG.normal(50, 10, size=200)
    table = pd.DataFrame(
        {"income": [f"{v:.3f}" for v in income], "other": RNG.normal(size=200)}
    )
    table.loc[17, "income"] = "?"
    model = EvolutionaryRegressor(search_space=["ridge"], n_evaluations=1, **SETTINGS)
    assert model.fit(table, income).score(table, income) > 0.9


class WarnsOfNothing(RegressorMixin, BaseEstimator):
    """Warns without a word."""

    def fit(self, X, y):
        warnings.warn("", stacklevel=2)
        self.mean_ = np.mean(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.mean_)


def test_an_empty_warning_is_no_failure():
    X = RNG.normal(size=(60, 2))
    model = EvolutionaryRegressor(search_space=[WarnsOfNothing()], n_evaluations=1, **SETTINGS)
    assert model.fit(X, X[:, 0]).cv_results_["status"].tolist() == ["scored"]


class Counts(RegressorMixin, BaseEstimator):
    """Counts how often it is asked."""

    asked = 0

    def fit(self, X, y):
        self.inner_ = Ridge().fit(X, y)
        return self

    def predict(self, X):
        Counts.asked += 1
        return self.inner_.predict(X)


def test_wide_sparse_rows_are_predicted_many_at_once():
    X = random(400, 2**16, density=1e-4, format="csc", random_state=0)
    y = np.asarray(X.sum(axis=1)).ravel()
    model = EvolutionaryRegressor(search_space=["ridge"], n_evaluations=1, **SETTINGS)
    model.fit(X, y)
    model.estimator_ = Counts().fit(X, y)
    Counts.asked = 0
    expected = model.estimator_.inner_.predict(X)
    np.testing.assert_allclose(model.predict(X), expected)
    assert Counts.asked == 1


# -- results ---------------------------------------------------------------------------------


def test_zero_is_reached_by_perfect_probabilities():
    X = np.repeat([[0.0], [1.0]], 40, axis=0)
    model = EvolutionaryClassifier(
        search_space=["decision_tree", "extra_trees"],
        target_fitness=0.0,
        n_evaluations=20,
        **SETTINGS,
    )
    assert model.fit(X, X[:, 0].astype(int)).stop_reason_ == "target_fitness"


def test_candidates_of_the_leaderboard_are_found_in_the_results():
    X = RNG.normal(size=(80, 3))
    model = EvolutionaryRegressor(search_space=["ridge", "decision_tree"], n_evaluations=12)
    model.set_params(population_size=4, **SETTINGS).fit(X, X[:, 0])
    results = pd.DataFrame(model.cv_results_).set_index("candidate")
    board = pd.DataFrame(model.leaderboard_).set_index("candidate").drop(index=-1)
    assert (results.loc[board.index, "fitness"] == board["fitness"]).all()
    front = model.pareto_front_
    assert list(results.loc[front["candidate"], "params"]) == list(front["params"])
