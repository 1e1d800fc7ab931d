"""Measures search: how long a query takes, and whether questions find their moments."""
