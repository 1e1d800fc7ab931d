"""The media store: files of videos by key, in a folder or in S3."""
