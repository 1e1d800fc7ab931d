"""What is measured of the sound: loudness, spectrum, classes, and where they change."""
