"""Converters of linear models, kernel methods and nearest neighbours."""

from itertools import combinations
from typing import Any

import numpy as np
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import (
    RBF,
    ConstantKernel,
    Matern,
    Product,
    Sum,
    WhiteKernel,
)
from sklearn.kernel_approximation import Nystroem
from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge, RidgeCV, SGDRegressor
from sklearn.neighbors import KNeighborsClassifier, KNeighborsRegressor
from sklearn.svm import SVC, SVR

from evolearn.export.onnx.graph import Graph
from evolearn.export.onnx.registry import register_converter


def linear_regressor(graph: Graph, model: Any, x: str) -> str:
    """Convert a linear function."""
    coefficients = np.atleast_2d(model.coef_).T
    return graph.affine(x, coefficients, np.atleast_1d(model.intercept_))


def linear_classifier(graph: Graph, model: Any, x: str) -> str:
    """Convert linear functions of which a softmax is taken."""
    raw = linear_regressor(graph, model, x)
    if len(model.classes_) == 2:
        return graph.two_classes(graph.op("Sigmoid", raw))
    if getattr(model, "solver", "") == "liblinear":
        raise graph.refuse(model, "solver='liblinear' is not converted for several classes")
    return graph.softmax(raw)


def nystroem(graph: Graph, model: Any, x: str) -> str:
    """Convert kernels of some training rows."""
    if model.kernel != "rbf":
        raise graph.refuse(model, f"kernel={model.kernel!r} is not converted")
    gamma = 1 / model.n_features_in_ if model.gamma is None else model.gamma
    kernel = _rbf(graph, _distances(graph, x, model.components_), gamma)
    return graph.op("MatMul", kernel, model.normalization_.T)


def _distances(graph: Graph, x: str, rows: Any) -> str:
    """Return squared distances, by the binomial formula."""
    rows = np.asarray(rows)
    own = graph.total(graph.op("Mul", x, x))
    theirs = (rows**2).sum(axis=1)[None]
    cross = graph.op("MatMul", x, -2.0 * rows.T)
    return graph.op("Relu", graph.op("Sum", own, cross, theirs))


def _rbf(graph: Graph, distances: str, gamma: float) -> str:
    return graph.op("Exp", graph.op("Mul", distances, -gamma))


def _svm_kernel(graph: Graph, model: Any, x: str) -> str:
    rows, gamma = np.asarray(model.support_vectors_), model._gamma
    if model.kernel == "rbf":
        return _rbf(graph, _distances(graph, x, rows), gamma)
    product = graph.op("MatMul", x, gamma * rows.T)
    if model.kernel == "linear":
        return graph.op("MatMul", x, rows.T)
    product = graph.op("Add", product, model.coef0)
    if model.kernel == "sigmoid":
        return graph.op("Tanh", product)
    if model.kernel == "poly":
        return graph.op("Pow", product, float(model.degree))
    raise graph.refuse(model, f"kernel={model.kernel!r} is not converted")


def support_vector_regressor(graph: Graph, model: Any, x: str) -> str:
    """Convert a weighted sum of kernels."""
    return graph.affine(_svm_kernel(graph, model, x), model.dual_coef_.T, model.intercept_)


def support_vector_decisions(graph: Graph, model: Any, x: str) -> str:
    """Return the decision values of an SVC, one column of two classes, else one per class."""
    kernel = _svm_kernel(graph, model, x)
    n_classes = len(model.classes_)
    if n_classes == 2:
        return graph.affine(kernel, model.dual_coef_.T, model.intercept_)
    if model.decision_function_shape != "ovr" or model.break_ties:
        raise graph.refuse(model, "its decision values are of pairs of classes")
    pairs = list(combinations(range(n_classes), 2))
    of_class = np.repeat(np.arange(n_classes), model.n_support_)
    coefficients = np.zeros((len(of_class), len(pairs)))
    wins, losses = (np.zeros((len(pairs), n_classes)) for _ in range(2))
    for k, (first, second) in enumerate(pairs):
        for one, other in ((first, second), (second, first)):
            rows = np.flatnonzero(of_class == one)
            coefficients[rows, k] = model.dual_coef_[other - (other > one), rows]
        wins[k, first], losses[k, second] = 1.0, 1.0
    # Votes of the pairs, ties broken by their decision values, as in scikit-learn.
    values = graph.affine(kernel, coefficients, model._intercept_)
    first_wins = graph.as_double(graph.op("GreaterOrEqual", values, 0.0))
    second_wins = graph.op("Sub", 1.0, first_wins)
    votes = graph.op(
        "Add", graph.op("MatMul", first_wins, wins), graph.op("MatMul", second_wins, losses)
    )
    sums = graph.op("MatMul", values, wins - losses)
    size = graph.op("Mul", graph.op("Add", graph.op("Abs", sums), 1.0), 3.0)
    return graph.op("Add", votes, graph.op("Div", sums, size))


def calibrated(graph: Graph, model: Any, x: str) -> str:
    """Convert an SVC with calibrated decision values."""
    if len(model.calibrated_classifiers_) > 1 or model.method != "sigmoid":
        raise graph.refuse(model, "only ensemble=False with method='sigmoid' is converted")
    (inner,) = model.calibrated_classifiers_
    if type(inner.estimator) is not SVC:
        raise graph.refuse(model, "only SVC is converted inside of it")
    values = support_vector_decisions(graph, inner.estimator, x)
    slopes = np.array([one.a_ for one in inner.calibrators])
    shifts = np.array([one.b_ for one in inner.calibrators])
    raw = graph.op("Neg", graph.op("Add", graph.op("Mul", values, slopes), shifts))
    shares = graph.op("Sigmoid", raw)
    if len(model.classes_) == 2:
        return graph.two_classes(shares)
    return graph.normalised(shares)


def gaussian_process(graph: Graph, model: Any, x: str) -> str:
    """Convert the mean of a Gaussian process."""
    kernel = _kernel(graph, model, model.kernel_, x, np.asarray(model.X_train_))
    mean = graph.op("MatMul", kernel, np.asarray(model.alpha_).reshape(len(model.X_train_), -1))
    scaled = graph.op("Mul", mean, model._y_train_std)
    return graph.op("Add", scaled, model._y_train_mean)


def _kernel(graph: Graph, model: Any, kernel: Any, x: str, rows: np.ndarray) -> str:
    if type(kernel) in (Sum, Product):
        parts = [_kernel(graph, model, one, x, rows) for one in (kernel.k1, kernel.k2)]
        return graph.op("Add" if type(kernel) is Sum else "Mul", *parts)
    if type(kernel) is ConstantKernel:
        return graph.constant([[kernel.constant_value]])
    if type(kernel) is WhiteKernel:  # noise of the training rows alone
        return graph.constant([[0.0]])
    if type(kernel) not in (RBF, Matern):
        raise graph.refuse(model, f"its kernel {type(kernel).__name__} is not converted")
    scale = np.asarray(kernel.length_scale)
    distances = _distances(graph, graph.op("Div", x, scale), rows / scale)
    if type(kernel) is RBF:
        return _rbf(graph, distances, 0.5)
    return _matern(graph, model, kernel.nu, graph.op("Sqrt", distances))


def _matern(graph: Graph, model: Any, nu: float, distance: str) -> str:
    if nu not in (1.5, 2.5):
        raise graph.refuse(model, f"a Matern kernel with nu={nu} is not converted")
    k = graph.op("Mul", distance, np.sqrt(2 * nu))
    factor = graph.op("Add", k, 1.0)
    if nu == 2.5:
        factor = graph.op("Add", factor, graph.op("Div", graph.op("Mul", k, k), 3.0))
    return graph.op("Mul", factor, graph.op("Exp", graph.op("Neg", k)))


def _neighbor_weights(graph: Graph, model: Any, x: str) -> tuple[str, str]:
    """Return the weights and the positions of the nearest training rows."""
    if model.effective_metric_ not in ("euclidean", "manhattan", "minkowski"):
        raise graph.refuse(model, f"metric={model.effective_metric_!r} is not converted")
    power = {"manhattan": 1, "euclidean": 2}.get(model.effective_metric_, model.p)
    if power not in (1, 2) or model.weights not in ("uniform", "distance"):
        raise graph.refuse(model, "only p=1 and p=2 with usual weights are converted")
    distances = graph.squared_distances(x, np.asarray(model._fit_X), int(power))
    count = graph.ints([model.n_neighbors])
    index = graph.new_name()
    nearest = graph.op("TopK", distances, count, axis=1, largest=0, sorted=1, more=[index])
    if model.weights == "uniform":
        return graph.op("Add", graph.op("Mul", nearest, 0.0), 1.0), index
    nearest = graph.op("Sqrt", nearest) if power == 2 else nearest
    # Equal training rows decide alone.
    equal = graph.as_double(graph.op("Equal", nearest, 0.0))
    has_equal = graph.op("Greater", graph.total(equal), 0.0)
    inverse = graph.op("Div", 1.0, graph.where(graph.op("Equal", nearest, 0.0), 1.0, nearest))
    return graph.where(has_equal, equal, inverse), index


def _neighbors(graph: Graph, model: Any, x: str, targets: np.ndarray) -> str:
    weights, index = _neighbor_weights(graph, model, x)
    values = graph.op("Gather", graph.constant(targets), index, axis=0)
    weights3 = graph.op("Unsqueeze", weights, graph.ints([2]))
    sums = graph.total(graph.op("Mul", values, weights3), axis=1, keep=False)
    return graph.op("Div", sums, graph.total(weights))


def neighbors_regressor(graph: Graph, model: Any, x: str) -> str:
    """Convert the weighted mean of the nearest rows' targets."""
    return _neighbors(graph, model, x, np.asarray(model._y, dtype=float).reshape(-1, 1))


def neighbors_classifier(graph: Graph, model: Any, x: str) -> str:
    """Convert the weighted shares of the classes of the nearest rows."""
    return _neighbors(graph, model, x, np.eye(len(model.classes_))[model._y])


for _kind, _converter in {
    Ridge: linear_regressor,
    RidgeCV: linear_regressor,
    ElasticNet: linear_regressor,
    SGDRegressor: linear_regressor,
    LogisticRegression: linear_classifier,
    LinearDiscriminantAnalysis: linear_classifier,
    Nystroem: nystroem,
    SVR: support_vector_regressor,
    CalibratedClassifierCV: calibrated,
    GaussianProcessRegressor: gaussian_process,
    KNeighborsRegressor: neighbors_regressor,
    KNeighborsClassifier: neighbors_classifier,
}.items():
    register_converter(_kind, _converter)
