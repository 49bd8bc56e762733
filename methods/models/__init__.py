"""One-step maps and read-outs."""

from methods.models.low_rank import LowRankPLRNN as LowRankPLRNN
from methods.models.lssm import LSSM as LSSM
from methods.models.mamba2 import Mamba2 as Mamba2
from methods.models.shplrnn import ShallowPLRNN as ShallowPLRNN
