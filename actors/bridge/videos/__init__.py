"""Videos under a lease: plan, chunks, fusion, and the writes that end them."""
