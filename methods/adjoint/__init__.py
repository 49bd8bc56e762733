"""Exact gradients of a solved trajectory, whatever solver found it.

`gradient` holds the entry point and chooses between three ways to run the reverse recurrence: `stepwise`, `windows` side by side,
or a `parallel` scan over Jacobians, which `across` spreads over devices. `certificate` measures how far a gradient is from that
of the step-by-step scan.
"""

from methods.adjoint.gradient import Adjoint as Adjoint
from methods.adjoint.gradient import solve as solve
