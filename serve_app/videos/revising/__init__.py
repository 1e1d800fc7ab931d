"""Results that are changed: corrections by hand, previews of other settings, settings that are learned."""
