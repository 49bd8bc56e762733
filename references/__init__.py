"""What a plug-in is taken from, as data beside it, so that tables and `pitbench cite` can name the papers of what was run.

A plug-in names its papers in an attribute `references`, a tuple. A paper that one file alone needs stands in that file. Papers
that several files need are in `references.papers`. What is this project's own says so with `PITBENCH`: nothing that is registered
here is silent about where it comes from. A plug-in of somebody else's may be.
"""

import dataclasses
import unicodedata
from collections.abc import Iterable

KINDS = ("article", "inproceedings", "incollection", "book", "misc")
_ACCENTS = {"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0308": '"', "\u0327": "c"}
_LETTERS = {"&": r"\&", "%": r"\%", "_": r"\_", "#": r"\#", "–": "--", "ø": r"{\o}", "’": "'", "“": "``", "”": "''"}
_AS_IT_STANDS = ("eprint", "doi")  # fields in which TeX expects no commands


@dataclasses.dataclass(frozen=True)
class Reference:
    """A paper or a program, in the fields of BibTeX.

    key     by which a text cites it, `hess2023`: the first author and the year
    kind    the type of the entry, one of `KINDS`
    author  in the order of the title page, first names first
    eprint  the number on arXiv
    A field that is not known for certain stays empty: a missing page harms nobody, a wrong one does.
    """

    key: str
    kind: str
    author: tuple[str, ...]
    title: str
    year: int
    journal: str = ""
    booktitle: str = ""
    publisher: str = ""
    volume: str = ""
    number: str = ""
    pages: str = ""
    eprint: str = ""
    doi: str = ""
    note: str = ""

    @property
    def bibtex(self) -> str:
        """The entry of a .bib file, in plain ASCII, which every version of BibTeX reads."""
        # braces around a whole title keep its capitals, which most styles would make small
        fields = {"author": " and ".join(map(_braced, self.author)), "title": f"{{{self.title}}}", "year": str(self.year)}
        for field in dataclasses.fields(self)[len(("key", "kind", *fields)) :]:
            fields[field.name] = getattr(self, field.name)
        if self.eprint:
            fields["archiveprefix"] = "arXiv"
        texts = {name: text if name in _AS_IT_STANDS else _in_tex(text) for name, text in fields.items() if text}
        return "\n".join([f"@{self.kind}{{{self.key},", *(f"  {name} = {{{text}}}," for name, text in texts.items()), "}"])

    @property
    def short(self) -> str:
        """How a sentence names it: `Hess et al. 2023`, `Dao and Gu 2024`."""
        last = [author if _is_group(author) else author.split()[-1] for author in self.author]
        return f"{last[0]} et al. {self.year}" if len(last) > 2 else f"{' and '.join(last)} {self.year}"

    def is_named_in(self, text: str) -> bool:
        """Whether a text, such as the `reproduces` of an experiment, gives its number on arXiv or its DOI."""
        return any(number and number in text for number in (self.eprint, self.doi))


PITBENCH = Reference(
    key="pitbench",
    kind="misc",
    author=("The pitbench developers",),
    title="pitbench: benchmarks of parallel-in-time methods for evaluating and training recurrent models of dynamical systems",
    year=2026,
)


def of(plugin) -> tuple[Reference, ...]:
    """The references of a plug-in, each once; none where it says nothing."""
    return unique(getattr(plugin, "references", ()))


def unique(references: Iterable[Reference]) -> tuple[Reference, ...]:
    """Each once, in the order in which they come."""
    return tuple(dict.fromkeys(references))


def _is_group(author: str) -> bool:
    return " " not in author or author.startswith("The ")


def _braced(author: str) -> str:
    """As BibTeX takes names: that of a group in braces, or its last word would be a surname."""
    return f"{{{author}}}" if _is_group(author) else author


def _in_tex(text: str) -> str:
    """The text with TeX's commands for accents and for letters that mean something to TeX."""
    out: list[str] = []
    for letter in unicodedata.normalize("NFD", text):
        if letter in _ACCENTS:
            command = _ACCENTS[letter]
            out[-1] = f"{{\\{command}{' ' * command.isalpha()}{out[-1]}}}"
        else:
            out.append(_LETTERS.get(letter, letter))
    return "".join(out)
