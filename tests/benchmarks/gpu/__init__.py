"""What a GPU does here: `python -m tests.benchmarks.gpu`."""
