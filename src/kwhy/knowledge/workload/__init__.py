"""Rules about workloads."""
