"""Rules about containers: why they do not start or do not stay up."""
