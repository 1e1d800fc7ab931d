"""Planning: what a file holds, whether it can be analysed, its frame index and its chunks."""
