"""The little Markdown that the generated parts are made of."""

import re
from collections.abc import Iterable, Sequence

from references import PITBENCH, Reference

_ADDRESSES = {r"arXiv:(\d+\.\d+)": "https://arxiv.org/abs/", r"doi (10\.\S*\w)": "https://doi.org/"}


def linked(text: str) -> str:
    """`Lim 2024, arXiv:2309.12252` with a link where its number is."""
    for number, address in _ADDRESSES.items():
        text = re.sub(number, lambda found, address=address: f"[{found[0]}]({address}{found[1]})", text)
    return text


def paper(reference: Reference) -> str:
    """`Hess et al. 2026` with a link to where it can be read, if that is known."""
    if reference == PITBENCH:
        return "this project"
    number = reference.doi or reference.eprint
    address = f"https://doi.org/{number}" if reference.doi else f"https://arxiv.org/abs/{number}"
    return f"[{reference.short}]({address})" if number else reference.short


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; a bar in a text would end its cell."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(text.replace("|", r"\|") for text in line) + " |" for line in lines)


def code(text: str, language: str) -> str:
    return f"```{language}\n{text}\n```"


def folded(summary: str, content: str) -> str:
    """What a reader opens by a click; between the blank lines Markdown is Markdown again."""
    return f"<details>\n<summary>{summary}</summary>\n\n{content}\n\n</details>"
