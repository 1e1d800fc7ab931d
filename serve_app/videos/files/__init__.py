"""Files that one gets of a video: clips and their archive, proxies, keyframes."""
