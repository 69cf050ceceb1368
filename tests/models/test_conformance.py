"""The package's own model families pass the conformance tests of families."""

import pytest

from evolearn.pipeline.registry import registered_families
from evolearn.testing.model_families import FamilyConformance


class TestFamilies(FamilyConformance):
    @pytest.fixture(params=[family.name for family in registered_families()])
    def family(self, request):
        return request.param
