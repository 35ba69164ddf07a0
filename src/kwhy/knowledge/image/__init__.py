"""Rules about images that are not pulled."""
