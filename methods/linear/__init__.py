"""Linear recurrences, evaluated for all time steps at once."""
