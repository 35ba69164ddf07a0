"""Read-only commands that supply missing evidence, by layer."""
