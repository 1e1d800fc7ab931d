"""The page: its frame in Gradio, its behaviour in static/. Speaks to the rest over HTTP only."""
