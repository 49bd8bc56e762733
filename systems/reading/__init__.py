"""Readers for each kind of file that a series may come in. They give the right numbers, or an error that says what to do next."""
