"""Gate rules and their verdict."""
