"""Rules about the memory of nodes and containers."""
