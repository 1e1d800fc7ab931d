"""Looks through the headers of MP4, QuickTime and HEIF files before FFmpeg opens them."""
