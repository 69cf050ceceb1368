"""Genomes, components, domains and search spaces; from a genome to a pipeline."""
