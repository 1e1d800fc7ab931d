"""What is shown: which pictures are looked at, what is read in them, lines with times, places and kinds."""
