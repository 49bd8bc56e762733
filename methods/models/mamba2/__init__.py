"""The Mamba-2 block and its chunked scan."""

from methods.models.mamba2.model import MODELS as MODELS
from methods.models.mamba2.model import Mamba2 as Mamba2
from methods.models.mamba2.model import Mamba2Shape as Mamba2Shape
