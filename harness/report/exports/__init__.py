"""Runs in the formats of other tools, one file each; docs/exports.md says what opens them."""
