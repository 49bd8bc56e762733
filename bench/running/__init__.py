"""From cells to attempts: the runner, its workers, and what is known while they run."""
