"""Fused GPU kernels: a whole pass over time in one launch, with the weights on the chip.

XLA starts several kernels for every time step, and each start takes longer than the arithmetic of a step. Here one kernel goes
through all steps of a window. It is an implementation, not a method: states, gradients and statuses are those of the XLA
programs, which stay the reference and the way out wherever no kernel fits.
"""

from methods.kernels.choice import Kernels as Kernels
from methods.kernels.choice import explained as explained
from methods.kernels.choice import missing_here as missing_here
from methods.kernels.choice import why_not as why_not
