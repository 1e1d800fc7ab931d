"""Processes of the local stack: started, recorded, locked, ended."""
