"""The package's own genes pass the conformance tests of genes."""

import pytest

from evolearn.pipeline.registry import gene_names
from evolearn.testing.genes import GeneCase, GeneConformance

# Identifiers are of no use on tables where screening finds none.
FINDINGS = {"identifiers": (0, 2)}


class TestGenes(GeneConformance):
    @pytest.fixture(params=gene_names())
    def case(self, request):
        return GeneCase(request.param, FINDINGS.get(request.param))
