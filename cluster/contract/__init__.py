"""The contract of API, bridges, pool, client and commands: each shape and word that two of them share, once.

`vocabulary`, `pages`, `protocol` and `actor_names` hold words, numbers and names. The pydantic models
(`videos`, `results`, `clips`, …) are what the API takes, checks and describes. `wire` says the same as typed
dictionaries, for those who only read or write the JSON, and `events` types what bridges tell the API by way
of Redis. Pure: imports pydantic and the standard library, and knows no store; `cluster.stores.documents`
fills the models.
"""
