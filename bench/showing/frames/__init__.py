"""What tables, figures and verdicts read from a run, as pandas frames: cells pooled over seeds, times, scores, solver updates."""
