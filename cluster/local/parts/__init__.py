"""The parts of the local stack, a module each: how it is started, asked for its health, and ended."""
