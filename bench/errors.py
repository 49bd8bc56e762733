"""Mistakes that the user can mend."""


class UserError(ValueError):
    """Printed as it stands, without a traceback: it names the key, the value, what was wanted and the next step."""


def show(value) -> str:
    """A value as an experiment file writes it."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(show, value))}]"
    return str(value)
