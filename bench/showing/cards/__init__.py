"""Claim cards: what a paper claims of a figure, what we ask instead, and what became of it on a GPU and on a CPU.

A card is written before anything is run, as data in `bench/cards`, and never touched by a run. What it says of results follows
from stored runs by `bench.showing.verdicts`.
"""
