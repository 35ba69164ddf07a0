"""Rules about what the API server allows to whom."""
