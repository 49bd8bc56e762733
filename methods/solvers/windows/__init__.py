"""Solvers that cut time into windows which run side by side."""
