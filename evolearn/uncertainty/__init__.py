"""How sure is a prediction? Conformal intervals of numbers, and sets of classes."""
