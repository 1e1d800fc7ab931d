"""The bridge: claims videos under leases and works on each until it has ended, through the pool."""
