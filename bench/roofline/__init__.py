"""`pitbench roofline`: how near kernels and scans come to what the device can do at all.

No program can be faster than its arithmetic at the peak rate, nor than its reads and writes at the peak bandwidth. The larger of
the two is its bound, and the share of the measured time that the bound is says how much is left to gain.
"""
