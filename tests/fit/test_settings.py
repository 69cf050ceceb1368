"""Settings hold all parameters; a policy stays with its estimator."""

import inspect
import pickle

import pytest
from sklearn.base import clone

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor
from evolearn.fit.settings import Settings
from evolearn.policy import DEFAULT_POLICY, Policy


class Ordered(EvolutionaryRegressor):
    """A search by another policy."""

    _policy = Policy(ordered_share=1.0)


@pytest.mark.parametrize("kind", [EvolutionaryClassifier, EvolutionaryRegressor])
def test_settings_have_every_parameter(kind):
    parameters = set(inspect.signature(kind).parameters)
    assert parameters == {*Settings.__dataclass_fields__} - {"task", "policy"}
    model = kind(time_budget=7.0, tol=0.5)
    settings = Settings.of(model)
    assert {name: getattr(settings, name) for name in parameters} == model.get_params()
    assert settings.policy is DEFAULT_POLICY


def test_a_subclass_may_have_parameters_of_its_own():
    class Named(EvolutionaryRegressor):
        def __init__(self, *, name="", time_budget=60.0):
            super().__init__(time_budget=time_budget)
            self.name = name

    assert Settings.of(Named(name="mine", time_budget=5.0)).time_budget == 5.0


def test_a_policy_survives_clone_and_pickle():
    for model in (clone(Ordered()), pickle.loads(pickle.dumps(Ordered()))):
        assert Settings.of(model).policy == Policy(ordered_share=1.0)


@pytest.mark.parametrize(
    ("n_rows", "patience"), [(50, 1), (100, 1), (500, 3), (2_501, 12), (10**9, 12)]
)
def test_few_rows_end_a_search_sooner(n_rows, patience):
    assert Settings.of(EvolutionaryRegressor()).patience(n_rows) == patience
    assert Settings.of(EvolutionaryRegressor(n_iter_no_change=9)).patience(n_rows) == 9
    assert Settings.of(EvolutionaryRegressor(n_iter_no_change=None)).patience(n_rows) is None


@pytest.mark.parametrize(
    ("time_budget", "own", "timeout"),
    [(60.0, None, 15.0), (60.0, 3.0, 3.0), (None, None, None), (None, 3.0, 3.0)],
)
def test_a_candidate_has_a_quarter_of_the_budget_unless_the_user_sets_a_limit(
    time_budget, own, timeout
):
    model = EvolutionaryRegressor(time_budget=time_budget, evaluation_timeout=own)
    assert Settings.of(model).candidate_timeout == timeout
