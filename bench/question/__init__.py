"""From an experiment file to cells: what is asked, before anything is run."""
