"""Kubernetes API objects by group of kinds; import them from ``kwhy.facts.objects``."""
