"""The contract's documents as JSON: typed dictionaries for those who read or write them without pydantic.

Standard library only. The pydantic models beside this package are what the API checks and describes; these
types say the same to the client, to commands and to the actors. `tests/unit/contract/test_wire.py` compares
each field's name and type with its model's, so that neither changes alone. Times are ISO 8601 text, lengths
in seconds.
"""
