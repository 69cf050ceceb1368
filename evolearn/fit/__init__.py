"""What happens during fit: settings, setup, run, final models."""
