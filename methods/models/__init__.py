"""One-step maps and read-outs."""

from methods.models.shplrnn import ShallowPLRNN as ShallowPLRNN
