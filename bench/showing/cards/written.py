"""Cards as a reader sees them, in a terminal and on a page: the same sentences, laid out otherwise."""

import collections
from pathlib import Path

from bench.showing.cards.answers import DEVICES, Answers
from bench.showing.cards.card import Card, Paper, known
from bench.showing.verdicts import VERDICTS
from bench.text import filled

NOT_YET = "not measured yet"
MIXED = "mixed"  # several verdicts that differ, such as of two systems
NO_VERDICT = "measured in part, which gives no verdict"


def text(answers: Answers, root: Path) -> str:
    """For a terminal."""
    parts = [_tally(known(), answers)]
    for paper in known():
        parts.append(filled(f"{paper.paper}: {paper.title}"))
        for card in paper.card:
            lines = [filled(f"{card.figure}: {card.claim}", rest="  ")]
            lines += [filled(f"{head:10} {words}", "  ", "    ") for head, words in _told(card)]
            for device, words in DEVICES.items():
                lines += [filled(f"{words:10} {line}", "  ", "    ") for line in outcome(card, answers, device, root)]
            parts.append("\n".join(lines))
    return "\n\n".join(parts)


def markdown(answers: Answers, root: Path) -> str:
    """For a page: a heading for each paper, an item for each card."""
    parts = [_tally(known(), answers)]
    for paper in known():
        parts.append(f"## {paper.paper}\n\n*{paper.title}*")
        items, before = [], ""
        for card in paper.card:
            if card.figure != before:
                items.append(f"### {card.figure}")
            lines = [f"- **{card.claim}**", *(f"  <br>{head}: {words}" for head, words in _told(card))]
            for device, words in DEVICES.items():
                lines += [f"  <br>{words}: {_marked(line)}" for line in outcome(card, answers, device, root)]
            items.append("\n".join(lines))
            before = card.figure
        parts += items
    return "\n\n".join(parts)


def verdict(card: Card, answers: Answers, device: str) -> str:
    """In a word or two: the verdict of all runs on this kind of device, `mixed` where they differ."""
    found = [each.verdict for answer in answers.on(card, device) for each in answer.verdicts]
    if not found:
        return NOT_YET
    return found[0] if len(set(found)) == 1 else MIXED


def outcome(card: Card, answers: Answers, device: str, root: Path) -> list[str]:
    """What became of a card on a kind of device, a line for each verdict with its numbers, or the command that measures it."""
    if device == "cpu" and card.gpu_only:
        return ["not asked: the claim is about a GPU"]
    lines = []
    for answer in answers.on(card, device):
        where = f"{answer.machine}, {_within(answer.folder, root)}"
        lines += [f"{each.verdict}: {_named(each.claim, card)}{each.evidence} ({where})" for each in answer.verdicts]
        lines += [] if answer.verdicts else [f"{NO_VERDICT} ({where}); `{card.command}` goes on"]
    asked = f"`{card.command}`" if device == "gpu" else f"`pitbench run {card.experiment}`"
    return lines or [f"{NOT_YET}: {asked} measures it"]


def _told(card: Card) -> list[tuple[str, str]]:
    """What was written before the run."""
    ours = f"{' and '.join(card.methods)} in {card.experiment}, profile {card.profile}: {card.ours}"
    return [
        ("known from", card.known_from),
        ("theirs", card.theirs),
        ("ours", f"{ours}; {card.differs}" if card.differs else ours),
    ]


def _tally(papers: list[Paper], answers: Answers) -> str:
    cards = [card for paper in papers for card in paper.card]
    told = []
    for device, words in DEVICES.items():
        found = collections.Counter(verdict(card, answers, device) for card in cards)
        told.append(f"{words} " + ", ".join(f"{found[each]} {each}" for each in (*VERDICTS, MIXED, NOT_YET) if found[each]))
    return f"{len(cards)} claims: {'; '.join(told)}."


def _named(claim: str, card: Card) -> str:
    """What a verdict is on, where the card has several: `forced-lorenz96: `."""
    subject = claim.partition(card.verdict)[0].strip(" :")
    return f"{subject}: " if subject else ""


def _marked(line: str) -> str:
    """A verdict, or that there is none, in bold."""
    head, colon, rest = line.partition(":")
    return f"**{head}**{colon}{rest}" if head in (*VERDICTS, NOT_YET) else line


def _within(folder: Path, root: Path) -> str:
    return str(folder.relative_to(root)) if root in folder.parents else str(folder)
