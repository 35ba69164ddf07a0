"""kwhy: names the root cause of a Kubernetes fault and proves it line by line."""

__version__ = "0.1.0"
