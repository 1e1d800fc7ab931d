"""The plan of a file: what it holds, whether it can be analysed, and its chunks."""
