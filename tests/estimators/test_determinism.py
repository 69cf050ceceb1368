"""Without a time budget a seed fixes everything, whatever the number of processes."""

import json
import random

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor, Float

# Top-level statements and no main guard: workers must not run the script again.
SCRIPT = """
import hashlib, json, sys
import numpy as np, pandas as pd
from sklearn.ensemble import (
    ExtraTreesClassifier, ExtraTreesRegressor,
    HistGradientBoostingClassifier, HistGradientBoostingRegressor,
)
from evolearn import EvolutionaryClassifier, EvolutionaryRegressor, Float

rng = np.random.default_rng(0)
X = pd.DataFrame({
    "size": rng.normal(size=150),
    "rooms": rng.integers(1, 7, 150),
    "city": rng.choice(["Aachen", "Bonn", "Celle"], 150).astype(object),
})
X.loc[::9, "size"] = np.nan
signal = X["size"].fillna(0) + X["rooms"] + 2 * (X["city"] == "Bonn")
kind = sys.argv[1]
y = (signal + rng.normal(size=150)).to_numpy()
if kind == "classifier":
    y = np.array(["low", "high"], dtype=object)[(y > np.median(y)).astype(int)]
Estimator = EvolutionaryClassifier if kind == "classifier" else EvolutionaryRegressor


# One of each way to be random: none, a solver's, bootstraps, and threads within a fit.
if kind == "classifier":
    own = [ExtraTreesClassifier(n_estimators=20), HistGradientBoostingClassifier(max_iter=20)]
else:
    own = [ExtraTreesRegressor(n_estimators=20), HistGradientBoostingRegressor(max_iter=20)]
space = [
    "decision_tree",
    "sgd",
    (own[0], {"max_features": Float(0.1, 1.0)}),
    (own[1], {"learning_rate": Float(0.02, 0.5, log=True)}),
]
for n_jobs in map(int, sys.argv[2:]):
    model = Estimator(
        search_space=space, time_budget=None, n_evaluations=30, population_size=4, cv=3,
        random_state=7,
        n_jobs=n_jobs,
    ).fit(X, y)
    predictions = (model.predict_proba if kind == "classifier" else model.predict)(X)
    scores = {k: np.asarray(v).tolist() for k, v in model.cv_results_.items()
              if "test_score" in k}
    history = {k: [str(x) for x in v] for k, v in model.history_.items()
               if not ("second" in k or "time" in k)}
    print(json.dumps({
        "n_jobs": n_jobs,
        "history": history,
        "scores": repr(scores),
        "params": repr(model.cv_results_["params"]),
        "parents": repr(list(model.cv_results_["parents"])),
        "best": repr(model.best_params_),
        "predictions": hashlib.sha256(np.ascontiguousarray(predictions)).hexdigest(),
    }))
"""


@pytest.mark.parametrize("kind", ["classifier", "regressor"])
def test_a_seed_gives_the_same_model_whatever_n_jobs_and_in_another_process(run_script, kind):
    processes = [run_script(SCRIPT, kind, 1, 4), run_script(SCRIPT, kind, 2)]
    runs = []
    for process in processes:
        out, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
        runs += [json.loads(line) for line in out.splitlines()]
    assert [run.pop("n_jobs") for run in runs] == [1, 4, 2], "the script ran once each"
    for run in runs[1:]:
        for what, value in runs[0].items():
            assert run[what] == value, what


def test_global_random_generators_are_untouched(fast, numbers):
    X, y = numbers
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002 - the global generator is what is looked at
    before = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    EvolutionaryClassifier(**fast).fit(X, y).predict(X)
    after = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    assert before == after


def test_global_random_generators_have_no_say(fast, regression, cheap_regressors):
    X, y = regression
    runs = []
    for seed in (1, 2):
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - as a user's own script may do
        model = EvolutionaryRegressor(search_space=cheap_regressors, **fast).fit(X, y)
        runs.append(model.cv_results_["mean_test_score"])
    np.testing.assert_array_equal(*runs)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_an_estimator_that_draws_from_global_generators_is_repeatable(fast, regression, n_jobs):
    class Careless(Ridge):
        def fit(self, X, y):
            noise = np.random.normal(size=len(y)) + random.random()  # noqa: NPY002
            return super().fit(X, y + noise)

    X, y = regression
    X = X[["size", "rooms"]]
    space = [(Careless(), {"alpha": Float(0.1, 10.0)})]
    settings = {**fast, "search_space": space, "n_jobs": n_jobs}
    first, second = (EvolutionaryRegressor(**settings).fit(X, y).predict(X) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def fitted_params(settings, X, y, **changes):
    settings = {**settings, "search_space": ["ridge", "decision_tree"], "n_evaluations": 12}
    model = EvolutionaryRegressor(**{**settings, **changes}).fit(X, y)
    return [str(params) for params in model.cv_results_["params"]]


def test_different_seeds_search_differently(fast, regression):
    X, y = regression
    first, second = (fitted_params(fast, X, y, random_state=seed) for seed in (0, 1))
    assert first != second


def test_seed_zero_is_a_seed(fast, regression):
    X, y = regression
    assert fitted_params(fast, X, y, random_state=0) == fitted_params(
        fast, X, y, random_state=0
    )


def test_a_random_state_gives_the_numbers_of_its_state(fast, regression):
    X, y = regression
    first, second = (
        fitted_params(fast, X, y, random_state=np.random.RandomState(3)) for _ in range(2)
    )
    assert first == second


def test_no_random_state_works_and_varies(fast, regression):
    X, y = regression
    first, second = (fitted_params(fast, X, y, random_state=None) for _ in range(2))
    assert first != second


def test_fitting_twice_gives_the_same_model(fast, regression):
    X, y = regression
    model = EvolutionaryRegressor(**fast)
    first = model.fit(X, y).predict(X)
    np.testing.assert_array_equal(model.fit(X, y).predict(X), first)
