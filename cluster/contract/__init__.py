"""What API, bridge and clients agree on: the documents of the HTTP contract as pydantic models."""
