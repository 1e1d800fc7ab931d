"""The parts of the local stack, one module each: configuration, command line, health probe, shutdown."""
