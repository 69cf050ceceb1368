"""The search space: domains, genomes, restriction, and pipelines made of genomes."""

import pickle
import warnings
from dataclasses import replace
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import Ridge, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from evolearn import Choice, Component, Float, Integer, SearchSpace
from evolearn.cost.restriction import restrict
from evolearn.cost.seconds import expected_seconds
from evolearn.data import prepare_table
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.genome import Allele, Genome
from evolearn.pipeline.portfolio_entries import portfolio_entries
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.sample_weights import fit_weights, weight_parameter
from evolearn.pipeline.user_space import make_space
from evolearn.search.portfolio import portfolio
from evolearn.search.variation import mutate, sample

TASKS = ("classification", "regression")

floats = st.builds(
    lambda low, width, log: Float(low, low + width, log=log),
    st.floats(1e-6, 1e3),
    st.floats(1e-3, 1e3),
    st.booleans(),
)
integers = st.builds(
    lambda low, width, log: Integer(low, low + width, log=log),
    st.integers(1, 100),
    st.integers(1, 500),
    st.booleans(),
)
choices = st.lists(st.integers(), min_size=1, max_size=5, unique=True).map(
    lambda options: Choice(*options)
)
domains = st.one_of(floats, integers, choices)
seeds = st.integers(0, 2**32)


def mixed_table(n_rows=120):
    """A table with missing numbers, categories and a target of each task."""
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=(n_rows, 3))
    numbers[rng.random(numbers.shape) < 0.1] = np.nan
    words = rng.choice(["red", "green", "blue"], n_rows)
    table = np.empty((n_rows, 4), dtype=object)
    table[:, :3], table[:, 3] = numbers, words
    target = 10 + np.nan_to_num(numbers[:, 0]) + (words == "red")
    return prepare_table(table), target


def problem_of(prepared, task, **changes):
    classes = {"n_classes": 2, "smallest_class": 50} if task == "classification" else {}
    return Problem(task, prepared.schema, positive_target=True, **(classes | changes))


@given(domains, seeds)
def test_values_stay_in_their_domain(domain, seed):
    rng = Random(seed)
    value = domain.sample(rng)
    for _ in range(5):
        assert value in domain
        value = domain.mix(domain.mutate(value, rng), domain.sample(rng), rng)
    assert domain.default in domain


@given(domains)
def test_domains_print_as_the_call_that_made_them(domain):
    assert eval(repr(domain)) == domain


@given(integers, seeds)
def test_mutating_an_integer_changes_it(domain, seed):
    rng = Random(seed)
    value = domain.sample(rng)
    assert domain.mutate(value, rng) != value or domain.low == domain.high


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Float(2.0, 1.0), "low < high"),
        (lambda: Float(0.0, 1.0, log=True), "low > 0"),
        (lambda: Integer(1, float("inf")), "finite"),
        (lambda: Float(0.0, 1.0, start=3.0), "start=3.0"),
        (Choice, "at least one option"),
        (lambda: Component("ridge", Ridge, {"alhpa": Float(0, 1)}), "'alhpa'.*alpha"),
        (lambda: Integer(0.5, 3.5), "whole numbers, got low=0.5"),
        (lambda: Choice(lambda: 1, lambda: 2), "lambda>> twice"),
        (
            lambda: SearchSpace([Component("ridge", Ridge, slots={"scalar": ("standard",)})]),
            "slot 'scalar'",
        ),
        (lambda: Component("ridge", Ridge, conditions={"a": ("b", (1,))}), "name 'a'"),
        (lambda: SearchSpace([], {"scalar": []}), "slot 'scalar'"),
    ],
)
def test_impossible_domains_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize("task", TASKS)
@given(seed=seeds)
@settings(max_examples=50, deadline=None)
def test_sampled_genomes_lie_in_the_space_and_survive_the_flat_form(task, seed):
    space = SearchSpace.default(task)
    genome = space.sample(Random(seed))
    assert genome in space
    assert space.genome(genome.params) == genome
    assert pickle.loads(pickle.dumps(genome)) == genome


def test_a_space_of_names_is_refused_with_what_to_pass():
    with pytest.raises(TypeError, match=r"Components, got 'ridge'.*default catalogue"):
        SearchSpace(["ridge"])


def test_the_key_of_a_genome_does_not_depend_on_how_arrays_are_printed():
    weights = [np.linspace(0, 1, 2_000), np.linspace(0, 2, 2_000)]
    keys = [Genome((("estimator", Allele("a", (("w", w),))),)).key for w in weights]
    assert keys[0] != keys[1]
    with np.printoptions(precision=2):
        assert Genome((("estimator", Allele("a", (("w", weights[0]),))),)).key == keys[0]


def test_conditional_parameters_are_only_there_when_they_matter():
    component = Component(
        "ridge",
        Ridge,
        {"solver": Choice("auto", "sag"), "max_iter": Integer(10, 100)},
        conditions={"max_iter": ("solver", ("sag",))},
    )
    assert dict(component.allele({"solver": "auto"}).values) == {"solver": "auto"}
    assert set(dict(component.allele({"solver": "sag"}).values)) == {"solver", "max_iter"}
    rng = Random(0)
    mutated = {component.mutate(component.default(), rng) for _ in range(50)}
    assert any("max_iter" in dict(gene.values) for gene in mutated)
    assert all(component.accepts(gene) for gene in mutated)


@pytest.mark.parametrize("task", TASKS)
def test_every_component_of_the_catalogue_fits_and_predicts(task):
    prepared, target = mixed_table()
    problem = problem_of(prepared, task)
    space = restrict(SearchSpace.default(task), problem)
    y = (target > 10.5).astype(int) if task == "classification" else target
    rng = Random(0)
    expressed = set()
    for name in space.names:
        genomes = [space.genome({"estimator": name}), space.sample(rng, name)]
        for slot, options in space.slots_of(name).items():
            new = [o for o in options if (slot, o) not in expressed]
            genomes += [space.genome({"estimator": name, slot: option}) for option in new]
            expressed |= {(slot, o) for o in options}
        for genome in genomes:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # small tables do not let all models converge
                warnings.simplefilter("error", FutureWarning)  # deprecated parameters
                model = build_pipeline(genome, space, problem, seed=0).fit(prepared.matrix, y)
                predictions = model.predict(prepared.matrix[:7])
            assert len(predictions) == 7, genome
    assert expressed >= {("scaler", "quantile"), ("encoder", "target_mean")}


def test_every_random_state_is_set_and_depends_on_seed_and_genome_alone():
    prepared, _ = mixed_table()
    problem = problem_of(prepared, "regression")
    space = restrict(SearchSpace.default("regression"), problem)
    genome = space.genome({"estimator": "extra_trees", "encoder": "target_mean"})
    pipeline = build_pipeline(genome, space, problem, genome.seed(3))
    unset = [
        name
        for name, value in pipeline.get_params().items()
        if name.endswith("random_state") and value is None
    ]
    assert unset == []
    assert genome.seed(3) != genome.seed(4)
    assert genome.seed(3) == space.genome(genome.params).seed(3)


def _reasons(space):
    return dict(space.left_out)


def test_components_too_slow_for_the_table_are_left_out_by_rule():
    prepared, _ = mixed_table()
    large = replace(prepared.schema, n_rows=1_000_000)
    problem = replace(problem_of(prepared, "regression"), table=large, fit_limit=5.0)
    space = restrict(SearchSpace.default("regression"), problem)
    assert "gaussian_process" not in space.names
    assert "ridge" in space.names
    assert "expected to take" in _reasons(space)["gaussian_process"]


def test_what_is_too_slow_for_a_table_gets_smaller_before_it_is_left_out():
    prepared, _ = mixed_table()
    large = replace(prepared.schema, n_rows=40_000)
    problem = replace(problem_of(prepared, "regression"), table=large, fit_limit=2.0)
    space = restrict(SearchSpace.default("regression"), problem)
    whole = SearchSpace.default("regression")
    for name, parameter in (
        ("extra_trees", "n_estimators"),
        ("hist_gradient_boosting", "max_iter"),
    ):
        few, many = (s[name].parameters[parameter] for s in (space, whole))
        assert few.high <= many.high
        assert expected_seconds(space[name], problem) <= 2.0
    assert space["extra_trees"].parameters["n_estimators"].high < 200


@pytest.mark.parametrize("n_rows", [40_000, 44_500, 48_000, 100_000, 3_000_000])
@pytest.mark.parametrize("task", TASKS)
def test_every_size_of_table_has_a_space_and_a_portfolio(task, n_rows):
    prepared, _ = mixed_table()
    table = replace(prepared.schema, n_rows=n_rows)
    problem = replace(problem_of(prepared, task), table=table)
    for limit in (float("inf"), 10.0, 0.1):
        limited = replace(problem, fit_limit=limit)
        space = restrict(SearchSpace.default(task), limited)
        for fair in (float("inf"), 1.0, 1e-3):
            assert all(genome in space for genome in portfolio(space, limited, fair))


@pytest.mark.parametrize(
    ("name", "domains"),
    [
        ("random_forest", {"max_features": ["sqrt", 0.5]}),
        ("extra_trees", {"max_features": [None, 0.5]}),
        ("gradient_boosting", {"max_depth": [None, 3]}),
        ("hist_gradient_boosting", {"max_leaf_nodes": [None, 31]}),
        ("hist_gradient_boosting", {"learning_rate": Float(0.01, 0.1)}),
        ("multi_layer_perceptron", {"hidden_layer_sizes": [[64, 64], [32]]}),
    ],
)
def test_costs_do_not_mind_what_a_user_makes_of_a_parameter(name, domains):
    prepared, _ = mixed_table()
    table = replace(prepared.schema, n_rows=20_000)
    problem = replace(problem_of(prepared, "classification"), table=table, fit_limit=2.0)
    own = SearchSpace.default("classification").constrained(name, **domains)
    space = restrict(own, problem)
    genomes = portfolio(space, problem, 0.05)
    assert all(genome in space for genome in genomes)


def test_a_wide_table_is_not_spread_over_bins():
    X = np.random.default_rng(0).normal(size=(50, 150))
    problem = Problem("regression", prepare_table(X).schema)
    space = restrict(SearchSpace.default("regression"), problem)
    network = space["multi_layer_perceptron"]
    assert "embedding" not in network.parameters
    assert network.build(network.default()).embedding == "none"


@pytest.mark.parametrize("spread", ["spline", "bins"])
def test_linear_models_follow_curves_behind_splines_and_steps_behind_bins(spread):
    X = np.random.default_rng(0).uniform(-3, 3, size=(200, 2))
    y = np.sin(2 * X[:, 0]) + np.abs(X[:, 1])
    problem = Problem("regression", prepare_table(X).schema)
    space = restrict(SearchSpace.default("regression"), problem)
    scores = [
        build_pipeline(
            space.genome({"estimator": "ridge", "transformer": one}), space, problem, 0
        )
        .fit(X, y)
        .score(X, y)
        for one in ("no_transformer", spread)
    ]
    assert scores[0] < 0.3
    assert scores[1] > 0.85
    assert spread not in space.slots_of("nearest_neighbors")["transformer"]
    wide = Problem("regression", prepare_table(np.tile(X, 51) ** np.arange(1, 103)).schema)
    assert "100 columns" in restrict(space, wide).left_out[spread]


@pytest.mark.parametrize("sparse", [False, True])
def test_a_random_projection_makes_fewer_columns_than_there_are(sparse):
    X = np.random.default_rng(0).normal(size=(60, 9))
    X = csr_matrix(X) if sparse else X
    problem = Problem("regression", prepare_table(X).schema)
    space = restrict(SearchSpace.default("regression"), problem)
    genome = space.genome({"estimator": "ridge", "transformer": "random_projection"})
    pipeline = build_pipeline(genome, space, problem, 0).fit(X, np.arange(60.0))
    assert pipeline[-1].n_features_in_ == 8
    narrow = Problem("regression", prepare_table(X[:, :3]).schema)
    reason = restrict(SearchSpace.default("regression"), narrow).left_out["random_projection"]
    assert "3 columns" in reason


@pytest.mark.parametrize("task", TASKS)
def test_a_selection_of_few_columns_is_of_one_at_least(task):
    X = np.random.default_rng(0).normal(size=(60, 2))
    problem = Problem(task, prepare_table(X).schema, n_classes=2, smallest_class=30)
    space = restrict(SearchSpace.default(task), problem)
    selector = "univariate" if task == "classification" else "univariate_regression"
    genome = space.genome(
        {
            "estimator": "nearest_neighbors",
            "mask": "masked",
            "masked__left_out": (1,),
            "selector": selector,
            f"{selector}__percentile": 10,
        }
    )
    y = np.arange(60.0) if task == "regression" else np.arange(60) % 2
    assert build_pipeline(genome, space, problem, 0).fit(X, y)[-1].n_features_in_ == 1


def test_bins_and_projections_are_seldom_tried():
    X = np.random.default_rng(0).normal(size=(60, 9))
    problem = Problem("regression", prepare_table(X).schema)
    space = restrict(SearchSpace.default("regression"), problem)
    rng = Random(0)

    def share(genomes):
        seldom = {"bins", "random_projection"}
        return np.mean([g["transformer"].component in seldom for g in genomes])

    drawn = [sample(space, rng, estimator="ridge") for _ in range(1000)]
    assert 0.02 < share(drawn) < 0.15
    children = [mutate(space.genome({"estimator": "ridge"}), space, rng) for _ in range(4000)]
    moved = [c for c in children if c.estimator == "ridge"]
    moved = [c for c in moved if c["transformer"].component != "no_transformer"]
    assert 0.03 < share(moved) < 0.2
    only = space.without("no_transformer", "pca", "polynomial", "spline")
    assert share([sample(only, rng, estimator="ridge") for _ in range(20)]) == 1.0


def test_entries_of_the_portfolio_take_no_more_than_their_shares():
    schema = prepare_table(np.random.default_rng(0).normal(size=(20_000, 8))).schema
    problem = Problem("regression", schema, fit_limit=20.0)
    space = restrict(SearchSpace.default("regression"), problem)
    thrifty = portfolio(space, problem, fair_seconds=0.5)

    def longest(genomes):
        boosted = [g for g in genomes if g.estimator == "hist_gradient_boosting"]
        return max(
            expected_seconds(space[g.estimator], problem, g["estimator"]) for g in boosted
        )

    assert longest(thrifty) <= 2.1
    assert longest(portfolio(space, problem)) > 3.0
    assert all(genome in space for genome in thrifty)


def test_a_small_table_gets_no_more_trees_than_it_has_rows():
    small = Problem("regression", prepare_table(np.arange(200.0).reshape(100, 2)).schema)
    space = restrict(SearchSpace.default("regression"), small)
    assert space["extra_trees"].parameters["n_estimators"].high == 100
    assert space["hist_gradient_boosting"].parameters["max_iter"].high == 100
    genomes = portfolio(space, small)
    assert all(genome in space for genome in genomes)
    assert {g.estimator for g in genomes} == set(space.names)
    own = SearchSpace.default("regression").constrained(
        "extra_trees", n_estimators=Integer(500, 900)
    )
    chosen = restrict(own, small)["extra_trees"].parameters["n_estimators"]
    assert chosen == Integer(500, 900)


@pytest.mark.parametrize("task", TASKS)
def test_forests_of_a_large_table_have_larger_leaves_for_the_sake_of_their_size(task):
    schema = replace(prepare_table(np.ones((9, 4))).schema, n_rows=400_000)
    space = restrict(SearchSpace.default(task), Problem(task, schema, n_classes=2))
    nodes = 2 if task == "regression" else 1
    for genome in portfolio(space, Problem(task, schema, n_classes=2)):
        if genome.estimator in ("extra_trees", "random_forest"):
            values = dict(genome["estimator"].values)
            size = values["n_estimators"] * nodes * 400_000 / values["min_samples_leaf"] * 80
            assert size < 400 * 2**20
            assert genome in space


def test_of_components_that_are_all_too_slow_the_cheapest_stays():
    prepared, _ = mixed_table()
    problem = replace(problem_of(prepared, "regression"), fit_limit=1e-9)
    space = restrict(SearchSpace.default("regression"), problem)
    assert len(space.names) == 1
    every = SearchSpace.default("regression").names
    assert [n for n in space.left_out if n in every] == [
        n for n in every if n not in space.names
    ]


def test_weights_reach_every_estimator_of_a_weighted_problem_whatever_wraps_it():
    prepared, target = mixed_table()
    problem = replace(problem_of(prepared, "regression"), weighted=True)
    space = restrict(SearchSpace.default("regression"), problem)
    weights = np.ones(len(target))
    for name in space.names:
        targets = space.slots_of(name).get("target", (None,))
        for genome in [space.genome({"estimator": name, "target": t}) for t in targets]:
            assert fit_weights(build_pipeline(genome, space, problem, seed=0), weights), genome


def test_a_vote_takes_weights_if_all_of_its_members_do():
    takes, takes_none = ("a", SGDClassifier()), ("b", KNeighborsClassifier())
    assert weight_parameter(VotingClassifier([takes])) == "sample_weight"
    assert weight_parameter(VotingClassifier([takes, takes_none])) is None


def test_whole_numbers_as_a_target_are_no_classes_for_the_target_encoder():
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"a": rng.normal(size=200), "b": rng.choice(["x", "y", "z"], 200)})
    prices = rng.integers(1_000, 9_000, 200).astype(float)
    prepared = prepare_table(table)
    problem = Problem("regression", prepared.schema)
    space = SearchSpace.default("regression").only("ridge")
    genome = space.genome({"estimator": "ridge", "encoder": "target_mean"})
    pipeline = build_pipeline(genome, space, problem, 0).fit(prepared.matrix, prices)
    assert pipeline[:-1].transform(prepared.matrix).shape == (200, 2)


def test_weights_count_behind_a_target_transform():
    prepared, target = mixed_table()
    problem = replace(problem_of(prepared, "regression"), weighted=True)
    space = restrict(SearchSpace.default("regression"), problem)
    genome = space.genome({"estimator": "sgd", "target": "standard_target"})
    model = build_pipeline(genome, space, problem, seed=0)
    one_sided = np.where(target > np.median(target), 1.0, 1e-6)
    plain = model.fit(prepared.matrix, target).predict(prepared.matrix).mean()
    weighed = model.fit(prepared.matrix, target, **fit_weights(model, one_sided))
    assert weighed.predict(prepared.matrix).mean() > plain + 0.1


@pytest.mark.parametrize(
    ("changes", "absent", "reason"),
    [
        ({"weighted": True}, "nearest_neighbors", "no sample_weight"),
        ({"positive_target": False}, "log_target", "above -1"),
    ],
)
def test_unsuited_components_are_left_out_with_a_reason(changes, absent, reason):
    prepared, _ = mixed_table()
    problem = replace(problem_of(prepared, "regression"), **changes)
    space = restrict(SearchSpace.default("regression"), problem)
    assert reason in _reasons(space)[absent]


def test_a_class_with_few_rows_leaves_out_what_needs_a_full_rank():
    prepared, _ = mixed_table()
    for smallest, there in ((5, False), (50, True)):
        problem = problem_of(prepared, "classification", smallest_class=smallest)
        space = restrict(SearchSpace.default("classification"), problem)
        assert ("quadratic_discriminant_analysis" in space.names) is there


def test_a_space_with_nothing_for_the_task_is_refused_with_the_reasons():
    prepared, _ = mixed_table()
    problem = problem_of(prepared, "regression", responses=("predict_proba",))
    with pytest.raises(ValueError, match=r"no estimator.*ridge: it has no predict_proba"):
        restrict(SearchSpace.default("regression"), problem)


def test_early_stopping_is_off_where_no_stratified_part_can_be_held_out():
    prepared, _ = mixed_table()
    problem = problem_of(prepared, "classification", n_classes=3, smallest_class=1)
    space = restrict(SearchSpace.default("classification"), problem)
    boosting = space["hist_gradient_boosting"]
    assert boosting.prototype().early_stopping is False
    assert "early_stopping" not in boosting.parameters


def test_a_user_list_may_mix_names_estimators_pairs_and_pipelines():
    pipeline = Pipeline([("scale", StandardScaler()), ("model", Ridge())])
    space = make_space(
        ["extra_trees", Ridge(alpha=3.0), (Ridge(), {"alpha": [1.0, 2.0]}), pipeline],
        "regression",
    )
    assert space.names == ("extra_trees", "Ridge", "Ridge_2", "Pipeline")
    assert space["Ridge"].build(space["Ridge"].default()).alpha == 3.0
    assert space["Ridge_2"].parameters["alpha"] == Choice(1.0, 2.0)
    assert space["Pipeline"].whole


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ("ridge", TypeError, "list"),
        ([], ValueError, "empty"),
        (["rigde"], ValueError, "'rigde'.*ridge"),
        ([3], TypeError, "entry 3"),
        ([Ridge], TypeError, "entry"),
        ([(Ridge(), {"alhpa": [1]})], ValueError, "'alhpa'"),
    ],
)
def test_a_wrong_search_space_is_named(given, error, message):
    with pytest.raises(error, match=message):
        make_space(given, "regression")


@pytest.mark.parametrize("task", TASKS)
def test_the_portfolio_starts_with_its_baseline_and_lies_in_the_space(task):
    prepared, _ = mixed_table()
    problem = problem_of(prepared, task)
    space = restrict(SearchSpace.default(task), problem)
    genomes = portfolio(space, problem)
    assert genomes[0].estimator == portfolio_entries(task)[0]["estimator"]
    assert all(genome in space for genome in genomes)
    assert len(set(genomes)) == len(genomes)
    assert {genome.estimator for genome in genomes} == set(space.names)
    # Every entry of the data can be built: none is dropped for a misspelt name or value.
    there = [entry for entry in portfolio_entries(task) if entry["estimator"] in space.names]
    assert len(genomes) >= len(there)


def test_the_baseline_of_another_space_is_its_cheapest_estimator():
    prepared, _ = mixed_table()
    problem = problem_of(prepared, "regression")
    space = restrict(make_space(["random_forest", "decision_tree"], "regression"), problem)
    assert portfolio(space, problem)[0].estimator == "decision_tree"


def test_an_estimator_of_unknown_cost_is_never_left_out_as_too_slow():
    prepared, _ = mixed_table()
    problem = replace(problem_of(prepared, "regression"), fit_limit=1e-9)
    space = restrict(make_space([Ridge(), "decision_tree"], "regression"), problem)
    assert "Ridge" in space.names


def test_probabilities_are_looked_for_in_the_estimator_as_it_is_searched():
    prepared, _ = mixed_table()
    problem = problem_of(prepared, "classification", responses=("predict_proba",))
    given = [(SGDClassifier(), {"loss": ["log_loss", "modified_huber"]})]
    assert restrict(make_space(given, "classification"), problem).names == ("SGDClassifier",)
