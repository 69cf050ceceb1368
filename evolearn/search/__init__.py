"""What to try next: individuals, variation, selection, ask and tell."""
