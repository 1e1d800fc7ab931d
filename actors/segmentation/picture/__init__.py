"""What is measured of every frame: small pictures, motion, colours, the frames that people see."""
