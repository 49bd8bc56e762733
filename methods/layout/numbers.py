"""Which numbers are tuned for speed, and what each of them means; their values stand in `methods.layout.cost`."""

import dataclasses
import typing

Number = int | float


@dataclasses.dataclass(frozen=True)
class Costs:
    """The numbers of one kind of device. Sizes are limits: `cost.size` makes whole numbers of them that fit what is to be cut."""

    source: str  # where the numbers come from

    # A step forwards of n lanes takes `any / M + fixed + each n`, in units of their own: (any, fixed, each).
    step_alone: tuple[Number, Number, Number]  # one lane, a state as it is
    step_rows: tuple[Number, Number, Number]  # up to `few_lanes`, states in rows
    step_columns: tuple[Number, Number, Number]  # more, states in columns
    sweep: Number  # steps that a sweep takes beside those of its windows: checks, new starts, and asking whether to go on
    # A step of a value with its gradient takes `fixed + S (each + per_M M)`, step by step, in units of their own.
    gradient_alone: tuple[Number, Number, Number]  # one sequence: (fixed, each, per_M)
    gradient_batch: tuple[Number, Number, Number]  # several
    # By windows, in the same units, `fixed + call / (M + soft) + each min(1, M / full) n` for n lanes.
    windowed: tuple[Number, Number, Number]  # (fixed, call, each)
    windowed_bend: tuple[Number, Number]  # (soft, full)

    few_lanes: Number  # up to which states are faster in rows than in columns
    small: Number  # components up to which the products of one state are fastest as sums
    summed_product: Number  # multiplications up to which a product with lanes is written as sums, see `layout.products`
    unroll: Number  # steps in one turn of a loop over time
    joint_products: bool  # whether states and data go through one product with weights that are put together
    kalman_small: Number  # components up to which seeing one after the other is faster than a Cholesky factor

    adjoint_lanes: Number  # below which windows lose to one pass backwards
    adds_up_lanes: Number  # from which parameter cotangents are best added up as windows run, else from all multipliers at once
    adds_up_memories: Number  # times the memory that windows must be long for that
    look: Number  # steps between two looks at whether a correction has died out; windows are multiples of it
    compacts: bool  # whether sequences that have converged are left behind: where lanes are not free
    compaction_ratio: Number  # how many times fewer sequences the next loop holds

    block_rows: Number  # time steps × sequences that stay in cache
    block_from: Number  # rows up to which one piece is as fast
    adjoint_rows: Number  # as `block_rows`, for the adjoint step by step
    adjoint_numbers: Number  # largest rows × size of the map
    jacobians: Number  # that adaptive forcing looks at in one go
    ssd_chunk: Number  # Q
    ssd_rows: Number  # time steps × sequences of a piece

    scans: bool  # whether linear recurrences are faster scanned in parallel than step by step
    associative_bytes: Number  # of Jacobians, up to which the associative scan, which keeps several copies, is the fastest
    scan_block: Number  # steps of a chunk of the blocked scan

    kernels: bool  # whether fused kernels are faster than XLA's programs, where they run
    kernel_programs: Number  # that run side by side, one on each multiprocessor: of more windows than these, some share a program
    # A step of n lanes in a kernel takes the larger of `fixed` and `each n`, in units of their own: (fixed, each).
    kernel_step: tuple[Number, Number]
    kernel_sweep: Number  # steps that a sweep of kernels takes beside those of its windows

    margin: Number  # the gain that must be predicted before `auto` gives the sequential scan up
    most_sweeps: Number  # of window relaxation before `auto` gives that up
    shortest_window: Number  # share of the memory; shorter ones gain little, and each of many sweeps may stop short of the rule
    full_windows: Number  # share of windows in use from which empty ones are kept, so that the number of lanes stays round

    def __post_init__(self):
        for field in dataclasses.fields(self):
            value, several = getattr(self, field.name), typing.get_origin(field.type) is tuple
            kinds = typing.get_args(field.type) if several else (field.type,)
            values = value if several and isinstance(value, tuple) else (value,)
            if len(values) != len(kinds) or not all(map(_fits, values, kinds)):
                wanted = ", ".join("a number from 0 to infinity" if kind is Number else kind.__name__ for kind in kinds)
                raise ValueError(f"Costs: {field.name} = {value!r}: wanted {wanted}.")


def _fits(value, kind) -> bool:
    if kind is not Number:
        return isinstance(value, kind)
    return isinstance(value, Number) and not isinstance(value, bool) and value >= 0  # which NaN is not
