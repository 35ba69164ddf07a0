"""Certificates in PEM, in API objects, and in what curl prints."""
