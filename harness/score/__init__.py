"""Scorers, one short file each."""
