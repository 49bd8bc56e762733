"""From tables to what people read: tables, figures, verdicts."""
