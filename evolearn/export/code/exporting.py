"""Code of a fitted estimator's model: written, executed and compared."""

from typing import Any

import numpy as np

from evolearn.data import column_labels, frame_library, is_sparse
from evolearn.data.containers import raw_columns
from evolearn.export.code.check import check_code
from evolearn.export.code.model import CodeModel, ModelSource
from evolearn.export.code.rows import drawn_rows
from evolearn.export.code.script import write_script

BEST = "best"


def code_of(source: ModelSource, candidate: Any, X: Any, y: Any, *, verify: bool) -> str:
    """Return the script of a model; see `to_code` of the estimators."""
    if candidate is None:
        model = source.predictor()
    elif candidate == BEST:
        model = source.winner()
    else:
        model = source.candidate(candidate)
    script = write_script(model)
    if verify:
        _verify(script, model, source, X, y)
    return script


def _verify(script: str, model: CodeModel, source: ModelSource, X: Any, y: Any) -> None:
    if X is None:
        columns = None if model.preparer is None else model.preparer.columns_
        X, y = drawn_rows(columns, source.fitter.problem, source.task)
    else:
        y, _ = type(source.task).from_target(y)
    check_code(script, model.fit, X, _for_script(X, model), y)


def _for_script(X: Any, model: CodeModel) -> Any:
    """Return a table as a script takes it: columns by name, or an array."""
    if not model.columns or is_sparse(X) or model.names is None:
        return X
    if frame_library(X) is None:
        arrays = [X[:, j] for j in range(X.shape[1])]
        return dict(zip(model.names, arrays, strict=True))
    return {
        label: np.asarray(column)
        for label, column in zip(column_labels(X), raw_columns(X), strict=True)
    }
