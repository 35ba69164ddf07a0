"""Reading logs: frames around messages, times, one pass over all patterns, condensing."""
