"""Paired statistics, findings, advice."""
