"""Typed facts by domain. A fact is a frozen record with the place it was read from."""
