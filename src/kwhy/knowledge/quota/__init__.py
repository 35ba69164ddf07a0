"""Rules about quotas."""
