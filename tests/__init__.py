"""Tests and benchmarks.

Several processes of tests share the cores (`make test`). A pool of threads in each, as numpy, torch and
scikit-learn make by themselves, would spend most of its time waiting for the others' cores to become free.
"""

import os
import sys

if "pytest" in sys.modules:  # benchmarks are given as many threads as they ask for
    os.environ.setdefault("OMP_NUM_THREADS", "1")
