"""The shallow PLRNN: its parameters, its maps in rows and in columns, and with missing data."""

from methods.models.shplrnn.model import MODELS as MODELS
from methods.models.shplrnn.model import ShallowPLRNN as ShallowPLRNN
from methods.models.shplrnn.model import ShallowPLRNNShape as ShallowPLRNNShape
