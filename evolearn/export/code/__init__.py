"""Export of models as Python code that needs no evolearn."""
