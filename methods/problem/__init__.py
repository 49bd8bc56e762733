"""What is solved: a one-step map, the problem it poses over time, and the solution with its status."""

from methods.problem.map import ByAutodiff as ByAutodiff
from methods.problem.map import FunctionMap as FunctionMap
from methods.problem.map import Map as Map
from methods.problem.merit import merit as merit
from methods.problem.plain import posed as posed
from methods.problem.problem import Evaluation as Evaluation
from methods.problem.problem import Problem as Problem
from methods.problem.rollout import last_state as last_state
from methods.problem.rollout import rollout as rollout
