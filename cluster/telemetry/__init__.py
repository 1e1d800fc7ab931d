"""Logs, meters and traces."""
