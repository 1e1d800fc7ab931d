"""Settings from corrections: those with which the fusion comes nearest to results that people have corrected.

`agreement` says how near a result is, `settings_search` looks for the settings.
"""
