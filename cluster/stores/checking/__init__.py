"""Looks through all stores of an installation for what should not be: one module a store."""
