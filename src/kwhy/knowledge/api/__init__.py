"""Rules about aggregated APIs."""
