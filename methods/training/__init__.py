"""How parameters are trained: one update, the loop over updates, and training decomposed in time."""
