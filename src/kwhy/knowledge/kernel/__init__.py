"""Rules about the kernel."""
