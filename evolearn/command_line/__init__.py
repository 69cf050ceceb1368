"""The command line: ``python -m evolearn``, also installed as the script ``evolearn``."""
