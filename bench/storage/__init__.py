"""Attempts and tables on the disk."""
