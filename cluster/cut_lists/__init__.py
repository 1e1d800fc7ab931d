"""Cut lists that were made elsewhere, read as corrections of a film."""
