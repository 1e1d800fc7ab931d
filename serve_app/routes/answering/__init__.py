"""What several routes answer with: replayed answers, signed links, files of the media store."""
