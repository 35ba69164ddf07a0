"""Rules about objects that are deleted and not gone."""
