"""Conformance tests for extensions of evolearn, written for pytest.

Each module has a class of tests; an extension subclasses it and defines one fixture.
"""

import pytest

# So that a failed assertion shows its values, as those in test files do.
pytest.register_assert_rewrite(
    *(f"{__name__}.{part}" for part in ("executors", "genes", "model_families", "tasks")),
    f"{__name__}.transformers",
)
