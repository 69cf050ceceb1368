"""Reports of a search: what people see while it runs and after it."""
