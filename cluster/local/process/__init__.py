"""Processes of the local stack: spawning, records of pids, the directory lock, ending."""
