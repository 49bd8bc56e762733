"""How soon the command line answers."""

import subprocess
import sys

from . import problems


class CommandLine:
    version = problems.VERSION

    def time_help(self):
        """`pitbench --help` in a process of its own."""
        subprocess.run([sys.executable, "-c", "import bench.cli; bench.cli.main()", "--help"], check=True, capture_output=True)
