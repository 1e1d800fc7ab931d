"""Clip orders and proxies in PostgreSQL: what is cut or encoded of a video, under leases."""
