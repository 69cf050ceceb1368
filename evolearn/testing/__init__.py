"""Conformance tests for extensions of evolearn, written for pytest.

Each module has a class of tests; an extension subclasses it and defines one fixture.
"""

import sys

# So that a failed assertion shows its values, as those in test files do.
if pytest := sys.modules.get("pytest"):
    pytest.register_assert_rewrite(
        f"{__name__}.executors",
        f"{__name__}.genes",
        f"{__name__}.model_families",
        f"{__name__}.tasks",
        f"{__name__}.transformers",
    )
