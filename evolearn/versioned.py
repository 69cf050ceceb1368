"""Pickles of fitted models that record the version of evolearn."""

from typing import Any

from evolearn._version import __version__
from evolearn.user_warnings import warn


class VersionedPickle:
    """Mixin of estimators: a pickle loaded by another version of evolearn warns.

    scikit-learn does the same for its own estimators.
    """

    def __getstate__(self) -> dict[str, Any]:
        state: dict[str, Any] = super().__getstate__()  # type: ignore[assignment]
        return {**state, "_evolearn_version": __version__}

    def __setstate__(self, state: dict[str, Any]) -> None:
        state = dict(state)
        saved = state.pop("_evolearn_version", "an earlier version")
        if saved != __version__:
            warn(
                f"A model that was saved with evolearn {saved} is loaded with {__version__}: "
                "its predictions may differ or fail. Load it with the version that saved it, "
                "or fit it again."
            )
        super().__setstate__(state)  # type: ignore[misc]
