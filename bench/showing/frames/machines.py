"""What a run was measured on."""


def machines(tables) -> list[str]:
    """`NVIDIA H100 80GB HBM3`, or of cells that were answered on a CPU `2 cores of AMD EPYC`; each once."""
    used = tables["cells"][["environment", "device"]].drop_duplicates().merge(tables["environments"], on="environment")
    return list(dict.fromkeys(_name(row) for _, row in used.iterrows()))


def _name(row) -> str:
    on_gpu = isinstance(row["gpu"], str) and row["device"] != "cpu"
    return row["gpu"] if on_gpu else f"{row['cores']} cores of {row['cpu']}"
