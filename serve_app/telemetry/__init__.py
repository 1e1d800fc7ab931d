"""Metrics and probes of the API."""
