"""The only modules that talk to a store: PostgreSQL, MongoDB, RabbitMQ, Redis, and files or S3 for media."""
