"""Requests that the API server hands on to kubelets: logs, exec, attach, port-forward."""
