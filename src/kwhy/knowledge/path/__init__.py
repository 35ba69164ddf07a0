"""The way of one packet through devices, namespaces, hosts and packet filters, there and back."""
