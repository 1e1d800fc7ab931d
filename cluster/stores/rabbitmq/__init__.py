"""RabbitMQ: doorbells (wake-up notifications), published with publisher confirms and consumed by bridges."""
