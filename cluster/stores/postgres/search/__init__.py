"""Search: moments of videos as rows with text search vectors, made by bridges, found by the API."""
