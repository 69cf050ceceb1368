"""Pipelines: components and their domains, genes, genomes, the search space."""
