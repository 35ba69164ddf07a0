"""Rules about admission webhooks."""
