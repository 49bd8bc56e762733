"""Which cells were timed in turn is stored: those of one call of their measure, and no others."""

import bench
from bench.measure.outcome import Measure, Outcome
from bench.question.cell import Cell
from bench.running import answering
from bench.storage.rows import Context


class Answers(Measure):
    def run(self, cells, active):
        yield from ((cell, Outcome("ok")) for cell in cells)


def test_cells_of_one_call_share_a_job_and_those_put_back_have_another(tmp_path, monkeypatch):
    monkeypatch.setattr(Cell, "build_measure", lambda cell: Answers())
    monkeypatch.setattr(answering, "_precision", lambda dtype: None)
    first, second, again = (Cell("runtime", name, "lorenz63", 8, 1) for name in ("sequential", "deer", "gtf-deer"))
    for cells in ([first, second], [again]):
        answering.answer(cells, Context("test", "shared"), tmp_path, send=lambda message: None)
    jobs = bench.load(tmp_path)["cells"].set_index("cell")["job"]
    assert jobs[first.id] == jobs[second.id] != jobs[again.id]
