"""Generated films that are told like films: scenes of shots and reverse shots, inserts, parallel action, with
a score that follows no cut."""
