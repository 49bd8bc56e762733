"""The comments between which a page belongs to the command."""

import re
from collections.abc import Callable

from bench.errors import UserError

END = "<!-- end -->"
_START = re.compile(r"<!-- generated: (.+?) -->")
_PART = re.compile(rf"^{_START.pattern}\n(.*?)^{END}$", re.MULTILINE | re.DOTALL)


def start(name: str) -> str:
    """The comment before a part."""
    return f"<!-- generated: {name} -->"


def names(text: str) -> list[str]:
    """The parts that a page asks for."""
    return _START.findall(text)


def filled(text: str, page: str, make: Callable[[str], str]) -> str:
    """The page with each part made anew; a part that does not end before the next one begins is an error."""
    for name, content in _PART.findall(text):
        if _START.search(content):
            raise UserError(f"{page}: {start(name)} has no {END} before the next part. Add that line where the part ends.")
    if len(_PART.findall(text)) != len(names(text)) or text.count(END) != len(names(text)):
        raise UserError(f"{page}: each {start('NAME')} needs one line {END} after it. Both stand alone in their lines.")
    return _PART.sub(lambda part: f"{start(part[1])}\n{make(part[1]).strip()}\n{END}", text)
