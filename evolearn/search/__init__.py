"""The search: loop, schedule, stopping rules; evolution, variation and portfolio."""
