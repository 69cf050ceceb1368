"""What can be built: domains, components, genomes, the catalogue, genome to pipeline."""
