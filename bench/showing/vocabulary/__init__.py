"""What things are called and how they look, once for tables, figures and verdicts."""
