"""Renderings of a run, one short file each."""
