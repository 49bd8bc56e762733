"""How `z[t] = F(z[t-1], u[t])` is solved for all t: one file per algorithm, each naming its methods in `METHODS`."""
