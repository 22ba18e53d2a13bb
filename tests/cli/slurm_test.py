#!/usr/bin/env python3
"""Submits shards to a real Slurm of two nodes, kills what can be killed, and compares the merged run
with a single one.

Usage: slurm_test.py SEPLFLOW FOLDER_OF_THE_PLUGIN_FAULTY
Exit status: 0 passed, 1 failed, 77 skipped. With SEPLFLOW_REQUIRE_SLURM it may not be skipped.
"""
import filecmp
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile

from two_slurm_nodes import TwoNodes, has_ended, parent_of, wait_until, why_not_here

# Samples 5 and 6 are those of shards 1 and 2 of 4 that the gates hold.
PIPELINE = """
name = "held"
[stages.scenes]
use = "dataset.scenes"
count = 40
size = [24, 32]
[stages.first]
use = "test.gate"
in = "scenes.pseudo"
at = 5
inside = "inside-5"
go = "go-5"
[stages.second]
use = "test.gate"
in = "first"
at = 6
inside = "inside-6"
go = "go-6"
[stages.score]
use = "eval.miou"
in = { truth = "scenes.truth", labels = "second" }
[stages.write]
use = "output.labels"
in = "second"
[run]
jobs = 1
in_flight = 2
"""


class Gate:
    """Holds a run at one sample."""

    def __init__(self, folder, sample):
        self.ends = []
        for name in (f"inside-{sample}", f"go-{sample}"):
            os.mkfifo(folder / name)
            self.ends.append(os.open(folder / name, os.O_RDWR | os.O_NONBLOCK))

    def is_reached(self):
        try:
            return os.read(self.ends[0], 1)
        except BlockingIOError:
            return None

    def let_go(self):
        os.write(self.ends[1], b"x")


class Place:
    """A folder with the pipeline, where seplflow runs."""

    def __init__(self, folder, program, environment):
        self.folder = folder
        self.program = program
        self.environment = environment
        (folder / "p.toml").write_text(PIPELINE)
        self.gates = {sample: Gate(folder, sample) for sample in (5, 6)}

    def run(self, *words, status=0):
        result = subprocess.run([self.program, *words], cwd=self.folder, text=True,
                                env=self.environment, capture_output=True)
        assert result.returncode == status, (words, result)
        return result.stdout + result.stderr

    def record(self, run):
        try:
            return json.loads((self.folder / run / "run.json").read_text())
        except (OSError, json.JSONDecodeError):
            return {}

    def is_done(self, run):
        has_ended_too = not (self.folder / run / ".lock").exists()
        return self.record(run).get("status") == "done" and has_ended_too

    def process_of(self, run):
        return int((self.folder / run / ".lock").read_text().split()[1])

    def log(self, name):
        file = self.folder / "out/shards" / name
        return file.read_text() if file.exists() else ""

    def require_equal(self, run, other):
        """All files but run.json, log.txt and those of the shards."""
        def files(name):
            root = self.folder / name
            return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()
                    and path.name not in ("run.json", "log.txt")
                    and path.relative_to(root).parts[0] != "shards"}

        assert files(run) == files(other), files(run) ^ files(other)
        for name in files(run):
            assert filecmp.cmp(self.folder / run / name, self.folder / other / name, False), name
        assert len(files(run)) > 40


def run_alone(place):
    for gate in place.gates.values():
        gate.let_go()
    place.run("run", "p.toml", "--out", "single", "--quiet")
    for gate in place.gates.values():
        gate.is_reached()


def kill_a_process_and_a_node(place, slurm):
    text = place.run("submit", "p.toml", "--shards", "4", "--out", "out")
    assert "4 shards" in text, text
    assert "was submitted already" in place.run("submit", "p.toml", "--shards", "4", "--out", "out",
                                                status=2)
    assert "not merged yet" in place.run("run", "p.toml", "--out", "out", status=2)
    first, second = place.gates[5], place.gates[6]
    wait_until(first.is_reached, "shard 1 is at its gate")
    assert "1/4" in place.run("status", "out")
    os.kill(place.process_of("out/shards/1-of-4"), signal.SIGKILL)
    wait_until(lambda: "requeueing" in place.log("1-of-4.log"), "shard 1 is requeued")
    first.let_go()
    assert "nothing is to be sent" in place.run("submit", "--resume", "out")

    wait_until(second.is_reached, "shard 2 is at its gate")
    orphan = place.process_of("out/shards/2-of-4")
    tasks = dict(line.split() for line in slurm.ask("squeue", "-hr", "-o", "%K %N", "-t", "R")
                 .splitlines())
    slurm.kill_node(tasks["2"])
    wait_until(lambda: slurm.states().get("2") == "PD", "Slurm sees that the node is gone")
    job = json.loads((place.folder / "out/shards/submission.json").read_text())["jobs"]["2"]
    slurm.ask("scontrol", "update", f"JobId={job}_2", "StartTime=now")  # not some seconds later
    # Until its node has really gone, the first process may write what the second one continues.
    wait_until(lambda: "waiting for another run" in place.log("2-of-4.log"), "shard 2 is requeued")
    os.kill(parent_of(orphan), signal.SIGKILL)
    os.kill(orphan, signal.SIGKILL)
    wait_until(lambda: has_ended(orphan), "the process of the lost node has ended")
    second.let_go()
    wait_until(lambda: place.is_done("out"), "the shards are merged")

    place.require_equal("out", "single")
    for shard in (1, 2):
        record = place.record(f"out/shards/{shard}-of-4")
        assert record["samples"]["reused"] > 0, record["samples"]
        assert record["cost"]["unknown_runs"] == 1, record["cost"]
    assert len(place.record("out")["cost"]["shards"]) == 4
    assert "the shards are merged" in place.run("status", "out")
    assert "everything is done" in place.run("submit", "--resume", "out")
    place.run("run", "p.toml", "--out", "out", "--resume", "--quiet")
    slurm.start_node(tasks["2"])


def end_early_and_send_again(place, slurm):
    """A warning of the time limit, then a task that the user cancels."""
    gate, other = place.gates[5], place.gates[6]
    for each in (gate, other):
        while each.is_reached():  # by the runs before
            pass
    place.run("submit", "p.toml", "--shards", "2", "--out", "again")
    wait_until(gate.is_reached, "shard 1 of 2 is at its gate")
    wait_until(other.is_reached, "shard 0 of 2 is at its gate")
    jobs = json.loads((place.folder / "again/shards/submission.json").read_text())["jobs"]
    slurm.ask("scancel", "--signal=USR1", "--batch", jobs["1"] + "_1")
    log = place.folder / "again/shards/1-of-2.log"
    wait_until(lambda: "interrupted" in log.read_text(), "seplflow is interrupted")
    gate.let_go()
    wait_until(lambda: slurm.states().get("1") == "PD", "shard 1 is requeued")
    assert "the time limit was reached" in log.read_text(), log.read_text()
    assert slurm.states()["0"] == "R", slurm.states()
    other.let_go()
    wait_until(lambda: place.is_done("again/shards/0-of-2"), "shard 0 is done")
    assert place.record("again/shards/1-of-2")["samples"]["done"] > 0
    slurm.ask("scancel", jobs["1"])
    wait_until(lambda: not slurm.ask("squeue", "-h"), "the queue is empty")
    text = place.run("status", "again", status=1)
    assert "seplflow submit --resume again" in text, text
    assert "1-of-2" in place.run("merge", "again", "again/shards/0-of-2", "again/shards/1-of-2",
                                 status=2)
    place.run("submit", "--resume", "again")
    wait_until(lambda: place.is_done("again"), "the shards are merged")
    place.require_equal("again", "single")


def main(program, plugins):
    reason = why_not_here()
    if reason:
        print("skipped:", reason)
        return 1 if os.environ.get("SEPLFLOW_REQUIRE_SLURM") else 77
    with tempfile.TemporaryDirectory() as name, TwoNodes(name) as slurm:
        folder = pathlib.Path(name) / "place"
        folder.mkdir()
        environment = dict(slurm.environment, SEPLFLOW_PLUGIN_PATH=plugins)
        place = Place(folder, program, environment)
        try:
            run_alone(place)
            kill_a_process_and_a_node(place, slurm)
            end_early_and_send_again(place, slurm)
        except BaseException:
            logs = [*folder.glob("*/shards/*.log"), *pathlib.Path(name).glob("*.log")]
            for log in logs:
                print(f"== {log}\n{log.read_text()[-1500:]}")
            raise
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
