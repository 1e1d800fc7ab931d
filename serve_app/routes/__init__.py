"""The routes, a module for each concern; `serve_app.app` puts them together."""
