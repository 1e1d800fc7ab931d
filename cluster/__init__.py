"""The lowest package: settings, stores, the local stack, the API's client and the command line.

Imports nothing of `actors`, `serve_app` or `ui`; those build on it.
"""
