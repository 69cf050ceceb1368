"""Model files: a fitted model in one file in skops' format, with facts about it.

A file is a zip archive: ``evolearn.json`` has the facts (versions, columns, the estimated
error), ``schema.json`` the tree of the objects, other members its arrays. The comment at
the end of the archive has a digest of all bytes before it. It detects damage; whoever changes a
file on purpose can change the digest as well. Code is kept out by the lists of types in
`evolearn.export.parts` and `evolearn.export.allowed_types`.
"""

import hashlib
import json
import os
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_LZMA, ZipFile, ZipInfo

import numpy as np

from evolearn.exceptions import ModelFileError
from evolearn.export.allowed_types import refuse_others, types_in
from evolearn.export.compaction import compact
from evolearn.export.nodes import SCHEMA
from evolearn.export.parts import PART_TYPES, NotSaved, Part
from evolearn.messages import one_line, plain
from evolearn.optional import import_optional
from evolearn.tasks.ensembles import plain_task
from evolearn.user_warnings import warn
from evolearn.versioned import current_versions, warn_of_versions, without_warnings_of_parts
from evolearn.written_files import write_whole

FORMAT = 1
FACTS = "evolearn.json"
_MARK = b"evolearn model file; SHA-256 of all bytes before the digest: "
_DIGITS = 64
# The first member's name follows the fixed part of its header.
_START = slice(30, 30 + len(FACTS))
# Packages of types in a model file that are installed with evolearn, or with Python.
_OWN_PACKAGES = frozenset({"builtins", "collections", "evolearn", "numpy", "scipy", "sklearn"})
# Attributes of the search that are left out: their types are as many as all others together.
_LEFT_OUT = ("search_space_", "scorer_", "_candidate_fitter")


def save_model(model: Any, path: str | os.PathLike[str]) -> Path:
    """Write a fitted estimator of evolearn as a model file; see ``save`` of the estimators."""
    skops = import_optional("skops.io", "save")
    kind = f"{type(model).__module__}.{type(model).__qualname__}"
    if kind not in PART_TYPES:
        raise ValueError(
            f"save knows the estimators of evolearn alone, not {kind}; use joblib.dump."
        )
    state, left_out = _state_of(model)
    try:
        members = compact(skops.dumps(Part(kind, state)))
        schema = json.loads(members[SCHEMA])
        facts = _facts_of(model, types_in(schema))
        archive = _archive({FACTS: json.dumps(facts, indent=1).encode(), **members})
        _refuse_unknown(archive, refuse_others(schema), skops)
    except Exception as error:
        raise ValueError(
            f"The model cannot be saved: {one_line(error).rstrip('.')}; use joblib.dump, which "
            "stores any object."
        ) from error
    written = write_whole(path, archive, "The model")
    if left_out:
        warn(
            f"The model was saved without the parameters {', '.join(left_out)}: functions and "
            "other objects are not stored."
        )
    return written


def load_model(path: str | os.PathLike[str]) -> Any:
    """Read a model file that ``save`` of an estimator wrote.

    Nothing of the file is constructed before its digest and the type of every object in it were
    checked. The list of types keeps code out, and the digest detects damage; neither proves who
    wrote the file.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    EvolutionaryClassifier or EvolutionaryRegressor
        The fitted estimator. It predicts to the last bit as the saved one, and has its results,
        but not the search space and the functions of the search: ``refit``, ``why_not`` and
        ``search_space_`` are those of the estimator that was saved.

    Raises
    ------
    ModelFileError
        If the file is damaged, of another format, no model file, or asks for other types.
    OSError
        If it cannot be read.
    ImportError
        If skops, or a library of the model, is not installed.

    Warns
    -----
    EvolearnWarning
        If the file was saved with other versions of evolearn, scikit-learn or other libraries.

    Examples
    --------
    >>> import evolearn
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = evolearn.EvolutionaryRegressor(
    ...     time_budget=None, n_evaluations=4, search_space=["ridge", "decision_tree"],
    ...     random_state=0,
    ... ).fit(X, y)
    >>> folder = getfixture("tmp_path")  # any folder
    >>> path = model.save(folder / "model.evolearn")
    >>> bool((evolearn.load(path).predict(X) == model.predict(X)).all())
    True
    """
    skops = import_optional("skops.io", "load")
    data = _read(path)
    facts = _facts_in(data, path)
    try:
        with ZipFile(BytesIO(data)) as archive:
            trusted = refuse_others(json.loads(archive.read(SCHEMA)))
        current = current_versions(facts["versions"])
        _require(facts["versions"], current, path)
        with without_warnings_of_parts():
            model = skops.loads(data, trusted=trusted)
    except ImportError:
        raise
    except Exception as error:
        raise ModelFileError(
            f"{path} is refused: {one_line(error).rstrip('.')}; it was not written by save, or "
            "was changed since."
        ) from error
    warn_of_versions(facts["versions"], current)
    return model


def model_facts(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the facts in a model file without making an object of it.

    Parameters
    ----------
    path : str or path

    Returns
    -------
    dict of str to object
        ``estimator``, ``task``, ``versions``, ``columns`` with their kinds, ``estimate`` and
        others, as JSON has them.

    Raises
    ------
    ModelFileError
        If the file is damaged, of another format, or no model file.
    OSError
        If it cannot be read.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from evolearn import EvolutionaryRegressor
    >>> from evolearn.export.saving import model_facts
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = EvolutionaryRegressor(
    ...     time_budget=None, n_evaluations=4, search_space=["ridge"], random_state=0,
    ... ).fit(X, y)
    >>> model_facts(model.save(getfixture("tmp_path") / "model.evolearn"))["metric"]
    'neg_root_mean_squared_error'
    """
    return _facts_in(_read(path), path)


def _state_of(model: Any) -> tuple[dict[str, Any], list[str]]:
    """Return the state of an estimator for a file, and the parameters that it lacks."""
    state = model.__getstate__()
    for name in ("insights_", "_kept_models", "_uncertainty"):
        state[name] = getattr(model, name)
    state["_fitted_task"] = plain_task(model._fitted_task)
    state["_explained_search"] = model.explain_search()
    for name in _LEFT_OUT:
        state.pop(name, None)
    left_out = []
    for name, value in model.get_params(deep=False).items():
        if not _is_plain(value):
            state[name] = NotSaved(type(value).__name__)
            left_out.append(name)
        elif isinstance(value, os.PathLike):
            state[name] = os.fspath(value)
    return state, left_out


def _refuse_unknown(archive: bytes, trusted: list[str], skops: Any) -> None:
    """Check that `load` will read an archive: skops knows all types that are not `trusted`."""
    unknown = set(skops.get_untrusted_types(data=archive)) - set(trusted)
    if unknown:
        names = ", ".join(sorted(unknown))
        raise ModelFileError(f"{names} is not among the types of model files.")


def _is_plain(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(_is_plain(one) for pair in value.items() for one in pair)
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    scalars = (str, int, float, bool, np.bool_, np.number, os.PathLike)
    return value is None or isinstance(value, scalars)


def _facts_of(model: Any, types: set[str]) -> dict[str, Any]:
    """Return the facts about a model, as JSON has them."""
    libraries = {name.partition(".")[0] for name in types} - _OWN_PACKAGES
    facts = {
        "format": FORMAT,
        "estimator": type(model).__name__,
        "task": model._task,
        "versions": current_versions(sorted(libraries)),
        "columns": {str(name): kind for name, kind in model.column_kinds_.items()},
        "dropped_columns": {str(name): why for name, why in model.dropped_columns_.items()},
        "metric": model.metric_name_,
        "estimate": model.estimate_.as_dict(),
        "n_evaluations": model.n_evaluations_,
    }
    if hasattr(model, "classes_"):
        facts["classes"] = [str(label) for label in model.classes_]
    values: dict[str, Any] = plain(facts)
    return values


def _archive(members: Mapping[str, bytes]) -> bytes:
    """Return a zip archive of these members that ends with its own digest."""
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            # Without the time: the same model makes the same bytes. Measured on a model of
            # 14 MB, LZMA takes a fifth less than deflation, and 0.15 s to be read.
            archive.writestr(ZipInfo(name), content, ZIP_LZMA)
        archive.comment = _MARK + b"0" * _DIGITS
    data = buffer.getvalue()[:-_DIGITS]
    return data + hashlib.sha256(data).hexdigest().encode()


def _read(path: str | os.PathLike[str]) -> bytes:
    """Return the bytes of a file whose digest is right."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise type(error)(f"The model {path} cannot be read: {error.strerror}.") from None
    if data[_START] != FACTS.encode():
        raise ModelFileError(
            f"{path} is not a model file of evolearn; pass one that save wrote."
        )
    content, digest = data[:-_DIGITS], data[-_DIGITS:]
    if not content.endswith(_MARK):
        raise ModelFileError(
            f"{path} is cut off, or its end was changed; save the model again."
        )
    if hashlib.sha256(content).hexdigest().encode() != digest:
        raise ModelFileError(
            f"{path} is damaged: its bytes are not those that were saved; save it again."
        )
    return data


def _facts_in(data: bytes, path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the facts in the bytes of a model file."""
    try:
        with ZipFile(BytesIO(data)) as archive:
            facts: dict[str, Any] = json.loads(archive.read(FACTS))
        found, versions = facts["format"], facts["versions"]
    except Exception as error:
        raise ModelFileError(f"{path} is not a model file of evolearn: {error!r}.") from error
    if found != FORMAT:
        raise ModelFileError(
            f"{path} has format {found!r} of model files, and this version of evolearn reads "
            f"{FORMAT}; load it with evolearn {versions.get('evolearn', 'of its own version')}."
        )
    return facts


def _require(saved: Mapping[str, str], current: Mapping[str, str], path: Any) -> None:
    """Check that the libraries of a model are installed."""
    for library in saved:
        if library not in current:
            raise ImportError(
                f"The model {path} needs {library} {saved[library]}, which is not installed; "
                f"install it with pip install {library}."
            )
