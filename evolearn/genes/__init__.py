"""Genes: the choices that a genome makes before the model, one file each.

The list below is the registry: the order of the steps in a pipeline.
"""

from evolearn.genes.dates import DatesGene
from evolearn.genes.encoder import EncoderGene
from evolearn.genes.formulas import FormulasGene
from evolearn.genes.identifiers import IdentifiersGene
from evolearn.genes.imputer import ImputerGene
from evolearn.genes.loss import LossGene
from evolearn.genes.mask import MaskGene
from evolearn.genes.relations import RelationsGene
from evolearn.genes.scaler import ScalerGene
from evolearn.genes.selector import SelectorGene
from evolearn.genes.target import TargetGene
from evolearn.genes.text import TextGene
from evolearn.genes.transformer import TransformerGene
from evolearn.pipeline.registry import register_gene

for _gene in (
    RelationsGene(),
    ImputerGene(),
    FormulasGene(),
    DatesGene(),
    MaskGene(),
    TextGene(),
    EncoderGene(),
    IdentifiersGene(),
    ScalerGene(),
    TransformerGene(),
    SelectorGene(),
    TargetGene(),
    LossGene(),
):
    register_gene(_gene)
