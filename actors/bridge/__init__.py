"""The bridge: takes videos from the queue under leases and sees each through to an end."""
