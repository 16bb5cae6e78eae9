"""Load and validate suites, facts through time, leakage, new suites."""
