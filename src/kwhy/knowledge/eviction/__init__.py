"""Rules about pods that were evicted."""
