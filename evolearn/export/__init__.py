"""Forms in which a fitted model leaves its process: files, code, other formats."""
