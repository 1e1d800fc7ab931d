"""RabbitMQ: doorbells, published with confirms and consumed by bridges."""
