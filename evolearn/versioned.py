"""Saved models that record the versions they were made with."""

import contextlib
import importlib.metadata
import platform
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

import numpy
import scipy
import sklearn
from sklearn.exceptions import InconsistentVersionWarning

from evolearn._version import __version__
from evolearn.user_warnings import warn

# Libraries whose patch releases keep the predictions of a model, so that two numbers of their
# versions are compared.
_BY_TWO_NUMBERS = frozenset({"Python", "numpy", "scipy"})
_UNKNOWN = "an earlier version"
# Whether the versions of a whole file are compared, in place of those of its parts.
_of_file: ContextVar[bool] = ContextVar("of_file", default=False)


class VersionedPickle:
    """Mixin of estimators: a pickle loaded by another version of evolearn warns.

    scikit-learn does the same for its own estimators.
    """

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()  # type: ignore[assignment]
        return {**state, "_evolearn_version": __version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        saved = state.pop("_evolearn_version", _UNKNOWN)
        if not _of_file.get():
            warn_of_versions({"evolearn": saved}, {"evolearn": __version__})
        super().__setstate__(state)  # type: ignore[misc]


def current_versions(libraries: Iterable[str] = ()) -> dict[str, str]:
    """Return the versions that the predictions of a model may depend on.

    Parameters
    ----------
    libraries : iterable of str
        Further libraries by the names of their modules; those that are missing are left out.
    """
    versions = {
        "evolearn": __version__,
        "Python": platform.python_version(),
        "scikit-learn": sklearn.__version__,
        "numpy": numpy.__version__,
        "scipy": scipy.__version__,
    }
    for library in libraries:
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            versions[library] = importlib.metadata.version(library)
    return versions


def warn_of_versions(saved: Mapping[str, str], current: Mapping[str, str]) -> None:
    """Warn if a model was saved with other versions than those that load it."""
    differing = [
        name for name in saved if _compared(name, saved[name]) != _compared(name, current[name])
    ]
    if not differing:
        return
    before = _listed(saved, differing)
    # A single library is named once.
    now = _listed(current, differing) if differing[1:] else current[differing[0]]
    warn(
        f"A model that was saved with {before} is loaded with {now}: its predictions may "
        "differ or fail. Load it with the versions that saved it, or fit it again."
    )


@contextlib.contextmanager
def without_warnings_of_parts() -> Iterator[None]:
    """Silence the warnings of the parts of a model whose versions are compared as a whole."""
    token = _of_file.set(True)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", InconsistentVersionWarning)
            yield
    finally:
        _of_file.reset(token)


def _compared(name: str, version: str) -> str:
    return ".".join(version.split(".")[:2]) if name in _BY_TWO_NUMBERS else version


def _listed(versions: Mapping[str, str], names: Iterable[str]) -> str:
    return " and ".join(f"{name} {versions[name]}" for name in names)
