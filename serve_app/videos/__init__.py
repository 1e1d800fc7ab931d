"""What the API does with videos, uploads, imports, clips and webhooks; routes call it."""
