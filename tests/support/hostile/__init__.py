"""Files that are made to take memory or time, or to lead somewhere else; knows nothing of the code under
test."""
