"""Packet captures: records → headers → columns → flows. Imports numpy; parsers import it only when they parse."""
