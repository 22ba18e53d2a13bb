"""Tests of seplflow.run, check, open and stream.

Usage: as module_test.py.
"""
import gc
import json
import os
import pathlib
import signal
import subprocess
import sys
import threading
import time
import unittest
import warnings

try:
    import numpy as np
except ImportError as missing:
    print(f"SKIPPED: {missing} (install python3-numpy)")
    sys.exit(77)

import seplflow

DEMO = """
[stages.scenes]
use = "dataset.scenes"
count = 12
size = 64
[stages.assign]
use = "sepl.assign"
in = { pseudo = "scenes.pseudo", masks = "scenes.masks" }
[stages.select]
use = "sepl.select"
in = { pseudo = "scenes.pseudo", masks = "scenes.masks", overlaps = "assign" }
[stages.score]
use = "eval.miou"
in = { truth = "scenes.truth", labels = "select", baseline = "scenes.pseudo" }
[stages.write]
use = "output.labels"
in = "select"
"""

OUTPUTS = ["select.labels", "scenes.image", "scenes.masks"]


class InFolder(unittest.TestCase):
    def setUp(self):
        import tempfile

        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.pipeline = self.folder / "demo.toml"
        self.pipeline.write_text(DEMO)

    def program(self, *words):
        # A sanitizer that Python was started with would meet that of the program.
        environment = {name: text for name, text in os.environ.items() if name != "LD_PRELOAD"}
        return subprocess.run([os.environ["SEPLFLOW_PROGRAM"], *map(str, words)], check=False,
                              capture_output=True, text=True, env=environment)

    def run_demo(self, name="run", **arguments):
        return seplflow.run(self.pipeline, out=self.folder / name, progress=False, **arguments)


class Runs(InFolder):
    def test_results_are_those_of_the_program(self):
        ours = self.run_demo(set={"select.t1": 0.4, "select.overlap": "support"}, jobs=2)
        theirs = self.folder / "theirs"
        done = self.program("run", self.pipeline, "--out", theirs, "--quiet", "--set", "select.t1=0.4",
                            "--set", "select.overlap=support")
        self.assertEqual(done.returncode, 0, done.stderr)
        files = [p.relative_to(theirs) for p in theirs.rglob("*") if p.is_file()]
        for file in files:
            if file.name in ("run.json", "log.txt", "ledger.records"):
                continue
            with self.subTest(file):
                self.assertEqual((theirs / file).read_bytes(), (self.folder / "run" / file).read_bytes())
        self.assertEqual(ours.metrics, json.loads((theirs / "metrics.json").read_text()))
        record = json.loads((self.folder / "run/run.json").read_text())
        self.assertEqual((record["status"], ours.status), ("done", "done"))
        # The program resumes it.
        again = self.program("run", self.pipeline, "--out", ours.folder, "--resume", "--set", "select.t1=0.4",
                             "--set", "select.overlap=support")
        self.assertIn("reused", again.stderr + again.stdout)

    def test_an_opened_run_has_tables_labels_and_explanations(self):
        run = self.run_demo()
        run = seplflow.open(run.folder)
        names = list(run.images["name"])
        self.assertEqual(names[:2], ["scene_000000", "scene_000001"])
        self.assertEqual(np.asarray(run.images["miou"]).dtype, float)
        self.assertIn("aeroplane", list(run.classes["name"]))
        self.assertIn("select.labels", run.outputs)
        values = [run.value(names[1], f"scenes.{port}") for port in ("pseudo", "masks")]
        np.testing.assert_array_equal(run.labels(names[1]), seplflow.sepl(*values))
        explained = run.explain(names[1])
        self.assertEqual(explained["stages"][0]["stage"], "select")
        self.assertEqual(len(explained["stages"][0]["items"]), len(values[1]))
        self.assertTrue(run.panel(names[1]).png.startswith(b"\x89PNG"))
        page = run._repr_html_()
        self.assertIn("mIoU", page)
        self.assertIn("data:image/png", page)
        self.assertIn("mIoU", repr(run))
        for call, text in [(lambda: run.labels("scene_00000l"), "did you mean"),
                           (lambda: run.value(names[0], "selct"), 'did you mean "select"'),
                           (lambda: run.value(names[0], "select.label"), 'did you mean "labels"'),
                           (lambda: run.sweep, "not a complete sweep"),
                           (lambda: seplflow.open(self.folder), "not a run folder")]:
            with self.subTest(text), self.assertRaisesRegex(seplflow.UsageError, text):
                call()

    def test_a_page_escapes_the_names_of_a_run(self):
        self.pipeline.write_text('name = "<script>x"\n' + DEMO)
        page = self.run_demo()._repr_html_()
        self.assertNotIn("<script", page)
        self.assertIn("&lt;script&gt;", page)

    def test_a_sweep_has_a_table(self):
        run = self.run_demo(sweep={"select.t1": [0.3, 0.5], "select.overlap": ["last", "support"]})
        self.assertEqual(len(run.sweep["variant"]), 4)
        self.assertEqual(sorted(set(run.sweep["select.t1"])), [0.3, 0.5])
        self.assertEqual(run.labels("scene_000000").shape, (64, 64))
        self.assertIn("variant", run._repr_html_())

    def test_errors_are_exceptions(self):
        self.pipeline.write_text(DEMO.replace("sepl.select", "sepl.selct"))
        with self.assertRaisesRegex(seplflow.PipelineError, 'demo.toml:10:7: error: .*did you mean "sepl.select"') as caught:
            self.run_demo()
        self.assertEqual(caught.exception.problems[0][1:3], (10, 7))
        with self.assertRaises(seplflow.PipelineError):
            seplflow.check(self.pipeline)
        self.pipeline.write_text(DEMO)
        with self.assertRaisesRegex(seplflow.PipelineError, "--set select.t9"):
            seplflow.check(self.pipeline, set={"select.t9": 1})
        result = seplflow.check(self.pipeline, sweep={"select.t1": "0.2:0.4:0.1"})
        self.assertEqual((result.samples, result.variants), (12, 3))
        self.run_demo()
        with self.assertRaisesRegex(seplflow.UsageError, "resume"):
            self.run_demo()
        self.assertEqual(self.run_demo(overwrite=True, limit=3).metrics["score"]["images"], 3)

    def test_ctrl_c_leaves_a_run_that_can_be_resumed(self):
        self.pipeline.write_text(DEMO.replace("count = 12", "count = 1500"))
        started = self.folder / "run/ledger.jsonl"

        def interrupt():
            while not started.exists():
                threading.Event().wait(0.01)
            os.kill(os.getpid(), signal.SIGINT)

        threading.Thread(target=interrupt).start()
        with self.assertRaises(KeyboardInterrupt):
            self.run_demo(jobs=1)
        self.assertEqual(seplflow.open(self.folder / "run").status, "interrupted")
        # The process goes on, and its handlers of signals are still its own.
        self.assertIs(signal.getsignal(signal.SIGINT), signal.default_int_handler)
        self.assertEqual(signal.pthread_sigmask(signal.SIG_BLOCK, []), set())
        again = self.run_demo(resume=True)
        self.assertEqual((again.status, again.metrics["score"]["images"]), ("done", 1500))


class Streams(InFolder):
    def stream(self, outputs=OUTPUTS, **arguments):
        return seplflow.stream(self.pipeline, outputs, **arguments)

    def test_samples_come_in_order_with_the_values_of_the_run(self):
        run = self.run_demo()
        samples = list(self.stream(jobs=2, prefetch=1))
        self.assertEqual([s.id for s in samples], [f"scene_{i:06}" for i in range(12)])
        for sample in samples[:3]:
            np.testing.assert_array_equal(sample["select.labels"], run.labels(sample.id))
            np.testing.assert_array_equal(sample["scenes.image"], run.value(sample.id, "scenes.image"))
            np.testing.assert_array_equal(sample["scenes.masks"], run.value(sample.id, "scenes.masks"))
            sample["select.labels"][0, 0] = 1
        parts = [[s.id for s in self.stream(shard=(i, 3))] for i in range(3)]
        self.assertEqual(sorted(sum(parts, [])), [s.id for s in samples])
        self.assertEqual(parts[1][0], "scene_000001")
        self.assertFalse((self.folder / "runs").exists())

    def test_a_dropped_iterator_ends_its_threads(self):
        self.pipeline.write_text(DEMO.replace("count = 12", "count = 1000000"))
        before = len(os.listdir("/proc/self/task"))
        for _ in range(3):
            for sample in self.stream(prefetch=2):
                break
            iterator = iter(self.stream())
            next(iterator)
            del iterator
        gc.collect()
        self.assertEqual(len(os.listdir("/proc/self/task")), before)

    def test_it_works_ahead_only_so_far(self):
        self.pipeline.write_text(DEMO.replace("count = 12", "count = 1000000"))
        iterator = iter(self.stream(["select"], jobs=1, prefetch=2))
        next(iterator)
        never = threading.Event()
        never.wait(0.2)
        used = time.process_time()
        never.wait(0.3)
        self.assertLess(time.process_time() - used, 0.1)
        iterator.close()

    def test_a_pipeline_without_an_end_can_be_streamed(self):
        self.pipeline.write_text(DEMO.split("[stages.score]")[0])
        self.assertEqual(len(list(self.stream(["select"]))), 12)

    def test_errors_are_exceptions(self):
        cases = [
            (["selct"], {}, seplflow.UsageError, 'no stage "selct"; did you mean "select"'),
            (["select.label"], {}, seplflow.UsageError, 'no output "label"; did you mean "labels"'),
            (["score"], {}, seplflow.UsageError, "has no outputs"),
            ([], {}, seplflow.UsageError, "name at least one"),
            (["select"], {"set": {"select.t1": 7}}, seplflow.PipelineError, "from 0 to 1"),
            (["select"], {"shard": "3/3"}, seplflow.PipelineError, "shard"),
        ]
        for outputs, arguments, kind, text in cases:
            with self.subTest(text), self.assertRaisesRegex(kind, text):
                next(iter(self.stream(outputs, **arguments)))
        self.pipeline.write_text(DEMO + '\n[sweep]\n"select.t1" = [0.1, 0.2]\n')
        with self.assertRaisesRegex(seplflow.UsageError, "2 variants"):
            next(iter(self.stream()))
        self.pipeline.write_text("[stages.a\n")
        with self.assertRaises(seplflow.PipelineError):
            next(iter(self.stream()))

    def test_forks_work_before_and_after_a_stream_and_not_within_it(self):
        self.run_demo()
        in_fork = [s.id for s in self.stream(["select"], limit=3)]

        def fork(work):
            reader, writer = os.pipe()
            child = os.fork()
            if child == 0:
                try:
                    text = work()
                except Exception as error:
                    text = f"{type(error).__name__}: {error}"
                os.write(writer, text.encode())
                os._exit(0)
            os.close(writer)
            with open(reader, "rb") as pipe:
                text = pipe.read().decode()
            os.waitpid(child, 0)
            return text

        self.assertEqual(fork(lambda: str([s.id for s in self.stream(["select"], limit=3)])), str(in_fork))
        iterator = iter(self.stream())
        next(iterator)
        self.assertIn("belongs to the process that this one was forked from", fork(lambda: str(next(iterator))))
        self.assertIn("forked while a run or a stream", fork(lambda: str(list(self.stream()))))
        iterator.close()

    def test_workers_of_torch_divide_the_samples(self):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                import torch.utils.data as data
        except ImportError:
            self.skipTest("torch is not installed")
        pipeline = self.pipeline

        class Labels(data.IterableDataset):
            def __iter__(self):
                for sample in seplflow.stream(pipeline, ["select.labels"]):
                    yield {"id": sample.id, "labels": sample["select.labels"].astype(np.int64)}

        self.run_demo()
        batches = list(data.DataLoader(Labels(), batch_size=2, num_workers=3))
        self.assertEqual(sorted(sum((b["id"] for b in batches), [])), [f"scene_{i:06}" for i in range(12)])
        self.assertEqual(tuple(batches[0]["labels"].shape), (2, 64, 64))


if __name__ == "__main__":
    unittest.main()
