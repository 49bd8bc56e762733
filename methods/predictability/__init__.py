"""Whether a recurrence can be evaluated in parallel: how its linearisation grows along a trajectory, and what follows from that.

Newton's method needs few updates where errors die out along the trajectory, which is where its largest Lyapunov exponent is
negative, and about as many updates as there are time steps where errors grow. That is a statement about long times. An exponent
below 0 does not promise few updates: a recurrence that first expands for 40 steps, and then contracts for 400, has a negative
exponent, and Newton must still go through the 40 steps one after the other. The constant μ of Polyak and Łojasiewicz sees that
transient, the exponent does not.

Gonzalez et al. 2025, arXiv:2508.16817; Proposition 1 is from Hess et al. 2026, arXiv:2605.12683.
"""

from methods.predictability.bounds import Regularity as Regularity
from methods.predictability.bounds import pl_bounds as pl_bounds
from methods.predictability.bounds import regularity as regularity
from methods.predictability.contraction import Contraction as Contraction
from methods.predictability.contraction import contraction as contraction
from methods.predictability.contraction import jacobian_norms as jacobian_norms
from methods.predictability.exponents import exponents as exponents
from methods.predictability.exponents import forced_exponents as forced_exponents
from methods.predictability.exponents import free_exponents as free_exponents
from methods.predictability.exponents import growth as growth
from methods.predictability.forecast import forecast as forecast
from methods.predictability.laws import Forecast as Forecast
from methods.predictability.pl_constant import PLConstant as PLConstant
from methods.predictability.pl_constant import pl_constant as pl_constant
from methods.predictability.prefixes import prefix_updates as prefix_updates
from methods.predictability.residual_jacobian import ResidualJacobian as ResidualJacobian
