"""Prometheus metrics of the API, and probes of its servers."""
