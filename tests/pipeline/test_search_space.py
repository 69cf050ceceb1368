"""The search space: genomes, pipelines made of them, and spaces of users."""

import pickle
from dataclasses import replace
from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from problems import TASKS, mixed_table, problem_of
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import Ridge, SGDClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from evolearn import Choice, Component, Integer, SearchSpace
from evolearn.cost.restriction import restrict
from evolearn.data import prepare_table
from evolearn.pipeline.build import build_pipeline
from evolearn.pipeline.genome import Allele, Genome
from evolearn.pipeline.problem import Problem
from evolearn.pipeline.user_space import make_space
from evolearn.tasks.sample_weights import fit_weights, weight_parameter

seeds = st.integers(0, 2**32)


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


@pytest.mark.parametrize("handles", ["missing", {"spares"}])
def test_unknown_inputs_of_a_component_are_refused(handles):
    with pytest.raises(ValueError, match="must be a set of categories, missing, sparse"):
        Component("ridge", Ridge, handles=handles)
