"""TLS handshakes that fail: certificates, authorities, names, protocols."""
