"""Training sets: frozen lists of tiles with their split."""
