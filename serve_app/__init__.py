"""The HTTP API: a FastAPI application that Ray Serve runs. Imports `cluster` only, never a model."""
