"""Rules about systemd."""
