"""HTTP itself: bodies, headers, ranges, problems, tus; knows no video."""
