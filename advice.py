"""What to do next: a sentence for each way in which a solve or a cell can end.

It stands here since `methods`, which solves, and `bench`, which runs cells, are to say the same.
"""

ADVICE = {
    # of a solve
    "converged": "Nothing to do: the states solve the recurrence to the tolerance that was asked for.",
    # of a cell
    "ok": "Nothing to do: the cell has its answer.",
    "wrong_answer": 'Lower `tolerance` or set dtype = "float64"; `pitbench check METHOD` tells whether it breaks a law.',
    "timeout": "Raise `timeout_s` in [run] or lower T, batch or updates, and try again with --rerun failed.",
    "out_of_memory": "Lower T or batch, or take a method that keeps no Jacobians, such as gtf-schwarz or sequential.",
    "error": "Read the reason and the log, mend the setting or the plug-in that they name, and try again with --rerun failed.",
    "crashed": "Read the end of the log and try again with --rerun failed --isolation cell, in a process of its own.",
    "unavailable": "Install what the reason names, or leave the plug-in out with -m or -s; `pitbench env` shows what is here.",
    "skipped": "Change the setting that the reason names, or leave the pair out: its parts do not go together in these sizes.",
    # of either
    "not_converged": "Raise alpha or `max_iterations`, or take a method that needs no updates, such as sequential or auto.",
    "diverged": "Try `sequential`: if it diverges too, raise alpha or lower the learning rate; if not, the solver is to blame.",
}
