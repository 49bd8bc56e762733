"""Readers of the kinds of files that a series may come in: the right numbers, or an error that says what to do next."""
