"""Measures of every frame: small pictures, motion, luma, what the network says, keyframe candidates."""
