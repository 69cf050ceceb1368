"""Expected seconds and memory of fits."""
