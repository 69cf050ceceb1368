"""The package's own tasks pass the conformance tests of tasks."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from evolearn.tasks import Classification, Regression
from evolearn.testing.tasks import TaskCase, TaskConformance

X = np.random.default_rng(0).normal(size=(150, 3))
SIGNAL = X[:, 0] + X[:, 1] ** 2


class TestRegression(TaskConformance):
    @pytest.fixture(params=[np.asarray, list, lambda y: (10 * y).astype(int)])
    def case(self, request):
        models = [Ridge(), DecisionTreeRegressor(max_depth=3, random_state=0)]
        return TaskCase(Regression, X, request.param(SIGNAL), models)


class TestClassification(TaskConformance):
    @pytest.fixture(
        params=[[0, 1], ["dear", "cheap"], ["dear", "cheap", "fair"], [1.0, 2.0, 7.0, 9.0]],
        ids=str,
    )
    def case(self, request):
        edges = np.quantile(SIGNAL, np.linspace(0, 1, len(request.param) + 1)[1:-1])
        labels = np.array(request.param)[np.searchsorted(edges, SIGNAL)]
        models = [LogisticRegression(), DecisionTreeClassifier(max_depth=3, random_state=0)]
        return TaskCase(Classification, X, labels, models)
