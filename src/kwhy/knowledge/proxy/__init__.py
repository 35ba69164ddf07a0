"""Rules about what carries Service traffic on a node."""
