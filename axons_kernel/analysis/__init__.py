"""What a prediction is worth, and what it tells of the tissue."""
