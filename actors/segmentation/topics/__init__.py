"""Where what is said changes its topic: measures of the sentences, and their calibrated log odds."""
