"""Where it runs: budget, workers, limits. Knows nothing of machine learning."""
