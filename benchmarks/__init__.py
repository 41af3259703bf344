"""Measurements of what the portal promises, as ratios within one run: `make bench`."""
