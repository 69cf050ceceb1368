"""The package's own genes pass the conformance tests of genes."""

import pytest

from evolearn.pipeline.registry import gene_names
from evolearn.testing.genes import GeneCase, GeneConformance

# Identifiers are of no use on tables where screening finds none.
FINDINGS = {"identifiers": (0, 2)}
# No metric and no target suit all losses at once: tests/genes/test_loss.py has them.
ELSEWHERE = {"loss"}


class TestGenes(GeneConformance):
    @pytest.fixture(params=[name for name in gene_names() if name not in ELSEWHERE])
    def case(self, request):
        return GeneCase(request.param, FINDINGS.get(request.param))
