"""Solvers: how `z[t] = F(z[t-1], u[t])` is solved for all t. One file per algorithm, each naming its methods in `METHODS`."""
