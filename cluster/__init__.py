"""The ground floor: settings, stores, the local stack, the client and the command line.

Imports nothing of `actors`, `serve_app` or `ui`; those build on it.
"""
