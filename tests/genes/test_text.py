"""Free text: what pipelines make of its words, and that a search learns from them."""

import pickle
from random import Random

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from sklearn.base import clone
from sklearn.linear_model import Ridge

from evolearn import (
    ColumnPreparer,
    Component,
    EvolutionaryClassifier,
    EvolutionaryRegressor,
    SearchSpace,
)
from evolearn.cost.restriction import restrict
from evolearn.data import prepare_table
from evolearn.fit.data import read_data
from evolearn.fit.settings import Settings
from evolearn.fit.setup import choose_effort, make_plan
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.problem import Problem
from evolearn.search.portfolio import portfolio

N_ROWS = 150
COLD = "snow ice frost winter coat freeze glacier sledge polar chill"
WARM = "sun beach summer heat sand palm desert tropic swim scorch"
TOPICS = {topic: words.split() for topic, words in (("cold", COLD), ("warm", WARM))}
FILLER = "the a of and with there some very then many under over near from this that"
FILLERS = FILLER.split()


def articles(n_rows=N_ROWS, seed=0):
    """Short texts about one of two topics, mostly of words that say nothing of it."""
    rng = np.random.default_rng(seed)
    topics = rng.choice(list(TOPICS), n_rows)
    texts = []
    for topic in topics:
        words = [*rng.choice(TOPICS[topic], 3), *rng.choice(FILLERS, 9)]
        texts.append(" ".join(rng.permutation(words)))
    table = pd.DataFrame(
        {
            "size": rng.normal(size=n_rows),
            "age": rng.normal(size=n_rows),
            "story": pd.Series(texts, dtype=object),
            "shop": pd.Series(rng.choice(["north", "south"], n_rows), dtype=object),
        }
    )
    table.loc[::19, "story"] = None
    table.loc[5, "story"] = ""
    table.loc[::13, "age"] = np.nan
    return table, topics


def problem_of(prepared, task="regression", **changes):
    classes = {"n_classes": 2, "smallest_class": 60} if task == "classification" else {}
    return Problem(task, prepared.schema, positive_target=True, **(classes | changes))


@pytest.mark.parametrize("task", ["classification", "regression"])
@pytest.mark.filterwarnings("ignore")  # small tables do not let all models converge
def test_every_estimator_gets_finite_numbers_of_texts_and_learns_from_them(task):
    table, topics = articles()
    prepared = prepare_table(table)
    problem = problem_of(prepared, task)
    space = restrict(SearchSpace.default(task), problem)
    y = (topics == "cold").astype(int if task == "classification" else float)
    for name in space.names:
        genome = space.genome({"estimator": name, "text": "text_svd"})
        assert genome["text"].component == "text_svd"
        steps = build_pipeline(genome, space, problem, 0)[:-1]
        made = steps.fit_transform(prepared.matrix, y)
        assert np.isfinite(made).all() or "missing" in space[name].handles
        words = made[:, ["text story" in one for one in steps.get_feature_names_out()]]
        n_components = dict(genome["text"].values)["svd__n_components"]
        assert words.shape == (N_ROWS, n_components)
        assert np.isfinite(words).all()
        assert max(abs(np.corrcoef(column, y)[0, 1]) for column in words.T) > 0.7


def test_names_tell_of_which_text_a_column_is():
    table, topics = articles()
    prepared = prepare_table(table)
    problem = problem_of(prepared)
    space = restrict(SearchSpace.default("regression"), problem)
    genome = space.genome(
        {"estimator": "ridge", "text": "text_svd", "text_svd__svd__n_components": 4}
    )
    model = build_pipeline(genome, space, problem, 0).fit(prepared.matrix, topics == "cold")
    names = model[:-1].get_feature_names_out(prepared.schema.names).tolist()
    assert names[-4:] == [f"text story__truncatedsvd{i}" for i in range(4)]
    assert "numbers__size" in names


@pytest.mark.parametrize("name", ["ridge", "sgd", "elastic_net", "support_vector_machine"])
def test_sums_begin_with_the_words_as_they_are(name):
    table, topics = articles()
    prepared = prepare_table(table)
    problem = problem_of(prepared)
    space = restrict(SearchSpace.default("regression"), problem)
    genome = space.genome({"estimator": name, "imputer": "simple_imputer"})
    assert genome["text"].component == "text_words"
    model = build_pipeline(genome, space, problem, 0).fit(prepared.matrix, topics == "cold")
    made = model[:-1].transform(prepared.matrix)
    lengths = np.sqrt((made[:, -2_048:] ** 2).sum(axis=1))
    assert set(lengths.round(12)) == {0.0, 1.0}


def test_a_pipeline_without_the_text_leaves_its_block_out():
    table, topics = articles()
    prepared = prepare_table(table)
    problem = problem_of(prepared)
    space = restrict(SearchSpace.default("regression"), problem)
    genome = space.genome({"estimator": "hist_gradient_boosting", "text": "no_text"})
    model = build_pipeline(genome, space, problem, 0).fit(prepared.matrix, topics == "cold")
    assert model[-1].n_features_in_ == 3
    assert model[-1].is_categorical_.tolist() == [False, False, True]


@pytest.mark.parametrize("n_components", [4, 16, 40])
def test_boosting_knows_the_categories_beside_texts(n_components):
    # Of 30 rows no more than 30 components can be had.
    table, topics = articles(30)
    prepared = prepare_table(table, {"story": "text"})
    problem = problem_of(prepared)
    space = restrict(SearchSpace.default("regression"), replace_rows(problem, 1_000))
    genome = space.genome(
        {
            "estimator": "hist_gradient_boosting",
            "text_svd__svd__n_components": n_components,
            "features": "constructed",
            "constructed__expressions": ("mul(x0, x1)",),
        }
    )
    model = build_pipeline(genome, space, problem, 0).fit(prepared.matrix, topics == "cold")
    assert np.flatnonzero(model[-1].is_categorical_).tolist() == [3]


def replace_rows(problem, n_rows):
    from dataclasses import replace

    return replace(problem, table=replace(problem.table, n_rows=n_rows))


def test_few_rows_have_few_components():
    table, _ = articles(60)
    problem = problem_of(prepare_table(table))
    domains = [
        restrict(SearchSpace.default("regression"), one)
        .component("text", "text_svd")
        .parameters["svd__n_components"]
        for one in (problem, replace_rows(problem, 2_000))
    ]
    assert (domains[0].high, domains[0].default) == (6, 6)
    assert (domains[1].high, domains[1].default) == (128, 32)


def test_tables_without_text_have_no_slot_for_it():
    table, _ = articles()
    prepared = prepare_table(table.drop(columns="story"))
    space = restrict(SearchSpace.default("regression"), problem_of(prepared))
    assert space.left_out["text_svd"] == "there is no text"
    assert all("text" not in space.slots_of(name) for name in space.names)


@pytest.mark.filterwarnings("ignore:n_quantiles")
def test_a_table_of_nothing_but_text_cannot_do_without():
    table, topics = articles()
    prepared = prepare_table(table[["story"]])
    problem = problem_of(prepared)
    space = restrict(SearchSpace.default("regression"), problem)
    assert space.left_out["no_text"] == "there is nothing but text"
    for name in ("ridge", "hist_gradient_boosting"):
        genome = space.sample(Random(0), name)
        model = build_pipeline(genome, space, problem, 0).fit(prepared.matrix, topics == "cold")
        assert np.isfinite(model.predict(prepared.matrix)).all()


def test_a_component_that_names_no_slot_for_text_gets_the_counts():
    table, topics = articles()
    prepared = prepare_table(table)
    problem = problem_of(prepared)
    mine = Component("mine", Ridge, slots={"imputer": ("simple_imputer",)})
    space = restrict(SearchSpace([mine]), problem)
    model = build_pipeline(space.genome({"estimator": "mine"}), space, problem, 0)
    model.fit(np.nan_to_num(prepared.matrix), topics == "cold")
    assert model[-1].n_features_in_ >= prepared.matrix.shape[1]


def test_words_do_not_make_the_table_wide():
    table, _ = articles(1_000)
    with_text, without = (
        problem_of(prepare_table(one)) for one in (table, table.drop(columns="story"))
    )
    assert with_text.table.n_columns == without.table.n_columns + 2_048
    assert with_text.n_columns == without.n_columns + 32
    space = restrict(SearchSpace.default("regression"), with_text)
    assert space.left_out["polynomial"] == "it is not for words"
    assert "embedding" in space["multi_layer_perceptron"].parameters
    assert all(genome in space for genome in portfolio(space, with_text, 0.1))


def test_formulas_are_over_numbers_and_not_over_words():
    table, topics = articles(300)
    y = np.where(topics == "cold", 3.0, 0.0) + table["size"] * table["age"].fillna(0.0)
    model = EvolutionaryRegressor(time_budget=None, random_state=0)
    data = read_data(Settings.of(model), table, y, None, None)
    plan = make_plan(Settings.of(model), data, choose_effort(Settings.of(model), data))
    domain = plan.space.component("features", "constructed").parameters["expressions"]
    assert domain.n_columns == 2
    assert ("mul(x0, x2)",) not in domain


# -- through to the user --------------------------------------------------------------------


@pytest.fixture(scope="module")
def fitted():
    table, topics = articles()
    model = EvolutionaryClassifier(
        time_budget=None,
        n_evaluations=12,
        population_size=4,
        cv=3,
        random_state=0,
        scoring="accuracy",
        search_space=["logistic_regression", "hist_gradient_boosting"],
    )
    return model.fit(table, topics), table, topics


def test_a_search_learns_from_text_what_nothing_else_tells(fitted):
    model, table, topics = fitted
    assert model.best_fitness_ < 0.15
    assert model.best_params_["text"] in ("text_svd", "text_words")
    space = SearchSpace.default("classification").only("logistic_regression")
    blind = clone(model).set_params(
        search_space=space.without("text_svd", "text_words"), n_evaluations=4
    )
    assert blind.fit(table, topics).best_fitness_ > 0.3
    assert set(model.cv_results_["param_text"]) <= {"text_svd", "text_words", "no_text"}


def test_new_texts_are_predicted_in_any_type_of_table(fitted):
    model, _, _ = fitted
    new, topics = articles(80, seed=5)
    expected = model.predict_proba(new)
    assert model.score(new, topics) > 0.8
    for other in (pl.from_pandas(new), pa.Table.from_pandas(new, preserve_index=False)):
        np.testing.assert_allclose(model.predict_proba(other), expected)
    nothing = new.assign(story=None)
    assert np.isfinite(model.predict_proba(nothing)).all()


def test_the_best_pipeline_is_plain_and_takes_the_raw_table(fitted):
    model, table, topics = fitted
    best = model.best_estimator_
    assert type(best[0]) is ColumnPreparer
    again = pickle.loads(pickle.dumps(best))
    np.testing.assert_array_equal(again.predict_proba(table), best.predict_proba(table))
    np.testing.assert_array_equal(
        clone(best).fit(table, topics).predict_proba(table), best.predict_proba(table)
    )
    assert any("story" in name for name in best[:-1].get_feature_names_out())


def test_the_users_kinds_reach_the_search(fast, cheap_classifiers):
    table, topics = articles()
    settings = {**fast, "search_space": cheap_classifiers}
    for kind in ("drop", "categorical"):
        model = EvolutionaryClassifier(**settings, kinds={"story": kind}).fit(table, topics)
        assert "text" not in model.best_params_
        assert model.predict(table).shape == topics.shape
    words = pd.DataFrame({"story": ["one two", "two three"] * 30, "n": range(60)})
    model = EvolutionaryClassifier(**settings, kinds={"story": "text"})
    assert "text" in model.fit(words, ["a", "b"] * 30).best_params_
    with pytest.raises(ValueError, match="kinds names the column 'tale'"):
        model.set_params(kinds={"tale": "text"}).fit(words, ["a", "b"] * 30)


def test_a_users_estimator_gets_texts_prepared(fast):
    table, topics = articles()
    model = EvolutionaryRegressor(**fast, search_space=[Ridge()])
    model.fit(table, (topics == "cold").astype(float))
    assert model.best_params_["text"] == "text_svd"
    assert model.best_fitness_ < 0.35


def test_texts_are_searched_alike_whatever_the_number_of_workers(fast, cheap_classifiers):
    table, topics = articles()
    settings = {**fast, "search_space": cheap_classifiers}
    runs = [
        EvolutionaryClassifier(**{**settings, "n_jobs": n}).fit(table, topics) for n in (1, 2)
    ]
    np.testing.assert_array_equal(*(run.predict_proba(table) for run in runs))
