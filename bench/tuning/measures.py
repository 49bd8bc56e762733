"""All measures in their order, and why some numbers have none."""

import dataclasses
from collections.abc import Callable

from bench.tuning import blocks, forward, gradients, kernels, mamba, model, scans
from bench.tuning.trial import Trial
from methods.kernels import missing_here
from methods.layout.cost import Costs

# What each measure finds. Numbers that others are measured with come first.
MEASURES: dict[Callable[[Trial], dict], tuple[str, ...]] = {
    kernels.programs: ("kernel_programs",),
    kernels.costs: kernels.NAMES,
    kernels.kernels: ("kernels",),
    forward.small: ("small",),
    forward.joint_products: ("joint_products",),
    forward.few_lanes: ("few_lanes",),
    forward.summed_product: ("summed_product",),
    forward.unroll: ("unroll",),
    blocks.evaluation: ("block_rows", "block_from"),
    blocks.stepwise: ("adjoint_rows", "adjoint_numbers"),
    blocks.look: ("look",),
    blocks.compaction: ("compacts",),
    gradients.backwards: ("adjoint_lanes", "adds_up_lanes"),
    model.model: model.NAMES,
    scans.scans: ("scans",),
    scans.blocked: ("scan_block", "associative_bytes"),
    scans.filters: ("kalman_small",),
    mamba.chunks: ("ssd_chunk", "ssd_rows"),
}
UNMEASURED = {
    "windowed_bend": "too few sizes to tell",
    "adds_up_memories": "depends on the model, not on the machine",
    "compaction_ratio": "weighs running against compiling",
    "jacobians": "bounds memory, not time",
    "margin": "for what the model of costs does not see",
    "most_sweeps": "a matter of convergence",
    "shortest_window": "guards the stopping rule",
    "full_windows": "too little to be measured",
}


def unmeasured() -> dict[str, str]:
    """The numbers that are not measured on the device at hand, with the reason."""
    of_kernels = ("kernels", "kernel_programs", *kernels.NAMES)
    return UNMEASURED | (dict.fromkeys(of_kernels, reason) if (reason := missing_here()) else {})


def measured(costs: Costs, *, quick: bool, doing: Callable[[str], None]) -> Costs:
    """The table with every number measured that can be here; `doing` is told what comes next."""
    wanted = {measure: names for measure, names in MEASURES.items() if not set(names) <= unmeasured().keys()}
    for number, (measure, names) in enumerate(wanted.items(), 1):
        doing(f"{number} of {len(wanted)}: {', '.join(names)}")
        costs = dataclasses.replace(costs, **measure(Trial(costs, quick)))
    return costs
