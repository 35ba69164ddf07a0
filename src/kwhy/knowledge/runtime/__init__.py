"""Rules about container runtimes."""
