"""Reasons why parts of a fitted model have no ONNX form."""

from collections.abc import Iterator
from typing import Any

from sklearn.utils.validation import check_is_fitted

from evolearn.exceptions import OnnxExportError


def reasons(model: Any) -> dict[str, str]:
    """Return the reason why each part of a fitted model cannot be exported to ONNX.

    The predictions are not compared: `to_onnx` may still refuse a model whose ONNX form
    predicts something else.

    Parameters
    ----------
    model : EvolutionaryRegressor or EvolutionaryClassifier
        A fitted estimator.

    Returns
    -------
    dict of str to str
        ``"best"`` is `best_estimator_`, ``"ensemble"`` the model that predicts, and
        ``"member 0"`` and so on its members. The reason is "" where there is an ONNX form.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from evolearn import EvolutionaryRegressor
    >>> from evolearn.export.onnx import reasons
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = EvolutionaryRegressor(
    ...     time_budget=None, n_evaluations=2, search_space=["ridge", "decision_tree"],
    ...     final_model="single", random_state=0,
    ... ).fit(X, y)
    >>> reasons(model)
    {'best': '', 'ensemble': ''}
    """
    check_is_fitted(model)
    parts = {"best": model.best_estimator_, "ensemble": model.estimator_}
    return {name: _reason(part) for name, part in {**parts, **dict(_members(model))}.items()}


def _members(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield the members of the ensemble, of its first layer if it has a stacking layer."""
    layer = model.estimator_
    while hasattr(layer, "_now") and hasattr(layer._now("step"), "_now"):
        layer = layer._now("step")
    if hasattr(layer, "_now"):
        for number, (member, _) in enumerate(layer._now("members")):
            yield f"member {number}", member


def _reason(estimator: Any) -> str:
    from evolearn.export.onnx.exporting import build, find_preparer
    from evolearn.export.onnx.inputs import inputs_of

    preparer = find_preparer(estimator)
    try:
        build(estimator, inputs_of(preparer, int(estimator.n_features_in_)))
    except OnnxExportError as error:
        return str(error)
    return ""
