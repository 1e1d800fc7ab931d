"""PostgreSQL: the lasting state of videos, uploads, imports, clip orders, keys and webhooks."""
