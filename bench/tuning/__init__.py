"""`pitbench tune`: the numbers of `methods.layout.cost`, measured on the machine at hand.

Each measure runs real code of `methods` under candidates for a number, in turn, and keeps what is fastest. A number gives way
only to one that is clearly better, so that noise does not move it. What no measure finds stands in `UNMEASURED`, with the reason.
"""
