"""Papers that more than one plug-in is taken from. One that a single file needs stands in that file."""

from references import Reference

HESS2026 = Reference(  # GTF-DEER
    key="hess2026",
    kind="misc",
    author=("Florian Hess", "Florian Götz", "Daniel Durstewitz"),
    title="Parallel-in-Time Training of Recurrent Neural Networks for Dynamical Systems Reconstruction",
    year=2026,
    eprint="2605.12683",
)
HESS2023 = Reference(  # generalised teacher forcing, the shPLRNN, D_stsp by Gaussian mixtures
    key="hess2023",
    kind="inproceedings",
    author=("Florian Hess", "Zahra Monfared", "Manuel Brenner", "Daniel Durstewitz"),
    title="Generalized Teacher Forcing for Learning Chaotic Dynamics",
    booktitle="International Conference on Machine Learning",
    year=2023,
    eprint="2306.04406",
)
MIKHAEIL2022 = Reference(  # sparse teacher forcing, the distance of power spectra
    key="mikhaeil2022",
    kind="inproceedings",
    author=("Jonas M. Mikhaeil", "Zahra Monfared", "Daniel Durstewitz"),
    title="On the difficulty of learning chaotic dynamics with RNNs",
    booktitle="Advances in Neural Information Processing Systems",
    year=2022,
    eprint="2110.07238",
)
LIM2024 = Reference(  # DEER
    key="lim2024",
    kind="inproceedings",
    author=("Yi Heng Lim", "Qi Zhu", "Joshua Selfridge", "Muhammad Firmansyah Kasim"),
    title="Parallelizing non-linear sequential models over the sequence length",
    booktitle="International Conference on Learning Representations",
    year=2024,
    eprint="2309.12252",
)
GONZALEZ2024 = Reference(  # quasi-DEER and ELK
    key="gonzalez2024",
    kind="inproceedings",
    author=("Xavier Gonzalez", "Andrew Warrington", "Jimmy T. H. Smith", "Scott W. Linderman"),
    title="Towards Scalable and Stable Parallelization of Nonlinear RNNs",
    booktitle="Advances in Neural Information Processing Systems",
    year=2024,
    eprint="2407.19115",
)
DAMORE2025 = Reference(  # training decomposed in time
    key="damore2025",
    kind="article",
    author=("Luisa D'Amore",),
    title="A Model Decomposition-in-Time of Recurrent Neural Networks: A Feasibility Analysis",
    journal="Trends in Computer Science and Information Technology",
    year=2025,
    doi="10.17352/tcsit.000091",
)
DAO2024 = Reference(  # Mamba-2
    key="dao2024",
    kind="inproceedings",
    author=("Tri Dao", "Albert Gu"),
    title="Transformers are SSMs: Generalized Models and Efficient Algorithms Through Structured State Space Duality",
    booktitle="International Conference on Machine Learning",
    year=2024,
    eprint="2405.21060",
)
PREDICTABILITY = Reference(  # predictability
    key="gonzalez2025predictability",
    kind="inproceedings",
    author=("Xavier Gonzalez", "Leo Kozachkov", "David M. Zoltowski", "Kenneth L. Clarkson", "Scott W. Linderman"),
    title="Predictability Enables Parallelization of Nonlinear State Space Models",
    booktitle="Advances in Neural Information Processing Systems",
    year=2025,
    eprint="2508.16817",
)
