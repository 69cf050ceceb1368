"""Use of the public API as type checkers of users see it; checked by mypy, run by nothing."""

from typing import Any, assert_type

import numpy as np
from numpy.typing import NDArray

from evolearn import EvolutionaryClassifier, EvolutionaryRegressor, Float, SearchSpace


def use(X: NDArray[np.float64], y: NDArray[np.float64]) -> None:
    """Fit, predict and score."""
    regressor = EvolutionaryRegressor(time_budget=30, scoring="r2", kinds={"id": "drop"})
    assert_type(regressor.fit(X, y, sample_weight=np.ones(len(y))), EvolutionaryRegressor)
    assert_type(regressor.predict(X), NDArray[Any])
    assert_type(regressor.score(X, y), float)
    classifier = EvolutionaryClassifier(
        time_budget=None,
        n_evaluations=8,
        search_space=SearchSpace.default("classification"),
        scoring={"f1": "f1", "hits": "accuracy"},
        refit="f1",
        final_model="single",
    )
    assert_type(classifier.fit(X, y), EvolutionaryClassifier)
    assert_type(classifier.predict_proba(X), NDArray[np.float64])
    assert_type(classifier.predict_log_proba(X), NDArray[np.float64])
    assert_type(classifier.decision_function(X), NDArray[np.float64])
    assert_type(Float(0.1, 1.0).log, bool)


def misuse() -> None:
    """Pass arguments of wrong types, which the checker has to see."""
    EvolutionaryRegressor(time_budget="long")  # type: ignore[arg-type]
    EvolutionaryRegressor(budget=30)  # type: ignore[call-arg]
    EvolutionaryClassifier(final_model="best")  # type: ignore[arg-type]
    EvolutionaryClassifier().fit()  # type: ignore[call-arg]
