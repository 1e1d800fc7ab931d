"""All access to stores: PostgreSQL, MongoDB, RabbitMQ, Redis, and a folder or S3 for media."""
