"""How every method looks, said method by method: adding one, or reordering a list, changes no other.

A family has a marker of its own and a method a colour of its own within its family, so that no two look alike anywhere, and lines
of one family, which are drawn in one panel where there are many, differ in colour. Methods that often meet in one figure,
whatever their family, have different colours too.
"""

import dataclasses
import zlib

from bench.showing.vocabulary.order import rank

# seaborn's "colorblind" palette without its yellow and pink, which are too pale for a line on white; and a grey
BLUE, ORANGE, GREEN, RED, PURPLE, BROWN, SKY = "#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc", "#ca9161", "#56b4e9"
BLACK, GREY = "black", "#7f7f7f"
COLORS = (BLUE, ORANGE, GREEN, RED, PURPLE, BROWN, SKY, GREY)


@dataclasses.dataclass(frozen=True)
class Family:
    """Methods of one kind: what they share, and the colour of each."""

    title: str
    marker: str
    colors: dict[str, str]
    dashed: tuple[str, ...] = ()  # drawn over another line that it often equals


STEPWISE = Family(
    "step by step",
    "o",
    {
        **{"sequential": BLACK, "sequential-unrolled": SKY, "sequential-fused": RED},
        **{"sequential-free": BROWN, "sequential-parallel-adjoint": PURPLE, "auto": GREY},
    },
    dashed=("auto",),
)
FAMILIES = (
    STEPWISE,
    Family(
        "Newton",
        "^",
        {
            **{"gtf-deer": BLUE, "deer": SKY, "gtf-deer-published": PURPLE, "gtf-deer-windowed": GREEN},
            **{"gtf-deer-damped": BROWN, "gtf-deer-clipped": ORANGE},
        },
    ),
    Family(
        "quasi-Newton",
        "D",
        {
            **{"gtf-quasi-deer": RED, "quasi-deer": ORANGE, "gtf-quasi-deer-clipped": BLUE},
            **{"gtf-quasi-deer-hutchinson": GREEN},
        },
    ),
    Family(
        "Levenberg–Marquardt",
        "v",
        {
            **{"gtf-elk": BLUE, "elk": SKY, "gtf-elk-filter": GREEN, "gtf-quasi-elk": RED, "quasi-elk": ORANGE},
            **{"gtf-quasi-elk-filter": BROWN},
        },
    ),
    Family("windows", "s", {"gtf-schwarz": GREEN, "gtf-mgrit": ORANGE, "gtf-parareal": PURPLE, "gtf-shooting": SKY}),
    Family("fixed point", "P", {"jacobi": BLUE, "picard": RED, "merit-descent": PURPLE, "gtf-merit-descent": GREEN}),
    Family("low rank", "<", {"low-rank": BLUE, "low-rank-schwarz": SKY}),
    Family("linear state space", ">", {"lssm": RED, "lssm-scheduled": ORANGE}),
    Family("Mamba-2", "X", {"mamba2": PURPLE, "mamba2-cuda": BROWN}),
    Family(
        "decomposed training",
        "h",
        {"schwarz-shared": GREEN, "schwarz-gossip": BLUE, "schwarz-mean": ORANGE, "schwarz-local": RED},
    ),
)
OTHERS = "others"  # the family of methods that are not named here
VARIANTS = ("*", "p", "d")  # markers of further variants of a method
UNKNOWN = ("8", "H")  # a method of somebody else's never looks exactly like one that is named here
LINES = ("-", (0, (4, 1.5)), (0, (1, 1.2)), (0, (4, 1, 1, 1)))


def look(method: str, variant: int = 0) -> dict:
    """Colour, marker and line of a method; further variants of it keep the colour and change marker and line."""
    family = next((family for family in FAMILIES if method in family.colors), None)
    if family is not None:
        color, marker, line = family.colors[method], family.marker, int(method in family.dashed)
    else:
        place = zlib.crc32(method.encode())
        color, place = COLORS[place % len(COLORS)], place // len(COLORS)
        marker, line = UNKNOWN[place % len(UNKNOWN)], place // len(UNKNOWN)
    if variant:
        marker = VARIANTS[(variant - 1) % len(VARIANTS)]
    return {"color": color, "marker": marker, "linestyle": LINES[(line + variant) % len(LINES)]}


def family(method: str) -> str:
    """The title of a method's family."""
    return next((family.title for family in FAMILIES if method in family.colors), OTHERS)


def looks(points) -> dict[str, dict]:
    """The look of every line label in `points`, baseline first, then by family; a method's labels are its variants."""
    pairs = points[["method", "label"]].drop_duplicates().itertuples(index=False, name=None)
    seen: dict[str, int] = {}
    out = {}
    for method, label in sorted(pairs, key=lambda pair: (rank(pair[0]), *pair)):
        out[label] = look(method, seen.get(method, 0))
        seen[method] = seen.get(method, 0) + 1
    return out
