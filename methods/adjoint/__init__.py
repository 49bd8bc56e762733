"""Exact gradients of a solved trajectory, whatever solved it."""

from methods.adjoint.gradient import Adjoint as Adjoint
from methods.adjoint.gradient import solve as solve
