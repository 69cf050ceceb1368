"""Estimators of optional libraries, imported when the first one is built."""

import importlib
import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from sklearn.base import BaseEstimator

from evolearn._compat import parse_version


def is_installed(module: str) -> bool:
    """Whether a module can be found, without importing it."""
    spec = importlib.util.find_spec(module)
    return spec is not None and spec.origin is not None  # a folder of that name has no origin


@dataclass(frozen=True)
class OptionalEstimator:
    """Placeholder of an estimator whose library is imported when the first one is built.

    It names the library and its class, the lowest supported version, as in the extra that
    installs the library, and parameters of every estimator that is built.

    Examples
    --------
    >>> from evolearn.pipeline.optional_library import OptionalEstimator
    >>> OptionalEstimator("sklearn.linear_model", "Ridge", "1.7", {"alpha": 2.0})()
    Ridge(alpha=2.0)
    """

    module: str
    name: str
    least: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __call__(self) -> BaseEstimator:
        """Return a new unfitted estimator."""
        # CatBoost's constructor drops parameters that are None, such as a seed to be set later.
        return getattr(self._load(), self.name)().set_params(**self.settings)

    @property
    def version(self) -> str:
        """The version of the library, "" if it cannot be imported."""
        try:
            return str(self._load().__version__)
        except Exception:  # an import can fail in any way
            return ""

    @property
    def trouble(self) -> str:
        """Why the library cannot be used here, "" if it can."""
        try:
            version = self._load().__version__
        except Exception as error:  # installed, but a shared library of the system is missing
            return f"{self.module} cannot be imported: {error}"
        if parse_version(version) < parse_version(self.least):
            return f"{self.module} {version} is installed, and {self.least} is needed"
        return ""

    def _load(self) -> ModuleType:
        return importlib.import_module(self.module)
