"""The published Mamba-2 block: everything that may import torch, and only when it is used."""
