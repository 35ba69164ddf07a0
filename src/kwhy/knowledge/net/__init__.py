"""What is known about networks: routes, firewalls, packets, names."""
