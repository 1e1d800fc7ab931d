"""The web page: layout in Gradio, behaviour in JavaScript (static/). Uses the API only over HTTP."""
