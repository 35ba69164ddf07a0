"""Reads the text that kubectl prints: tables, describe, events, drain, errors."""
