"""Rules about what programs depend on: where they are told to call, as whom, and what they get."""
