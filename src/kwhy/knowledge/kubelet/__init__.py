"""Rules about the kubelet."""
