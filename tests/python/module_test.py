"""Tests of `import seplflow`.

Usage: module_test.py [unittest arguments], with PYTHONPATH naming the folder of the module and SEPLFLOW_PROGRAM
the program. Exit status 77 without numpy.
"""
import json
import os
import pathlib
import sys
import threading
import unittest

try:
    import numpy as np
except ImportError as missing:
    print(f"SKIPPED: {missing} (install python3-numpy)")
    sys.exit(77)

import seplflow

def scene():
    """A pseudo-label of two classes, and three masks."""
    pseudo = np.zeros((6, 8), np.uint8)
    pseudo[1:4, 1:5] = 7
    pseudo[4:, 6:] = 3
    masks = np.zeros((3, 6, 8), bool)
    masks[0, 1:5, 1:5] = True
    masks[1, 3:, 5:] = True
    masks[2, 0, :] = True
    return pseudo, masks


def rle(mask):
    counts = np.diff(np.flatnonzero(np.diff(np.concatenate([[0], mask.T.ravel(), [2]]))))
    first = int(np.argmax(mask.T.ravel())) if mask.any() else mask.size
    return {"size": list(mask.shape), "counts": [first, *map(int, counts)] if mask.any() else [first]}


class Values(unittest.TestCase):
    def test_label_maps_of_every_layout_are_the_same(self):
        pseudo, masks = scene()
        expected = seplflow.sepl(pseudo, masks)
        frozen = pseudo.copy()
        frozen.setflags(write=False)
        same = {
            "Fortran": np.asfortranarray(pseudo), "negative": pseudo[::-1, ::-1].copy()[::-1, ::-1],
            "big-endian": pseudo.astype(">i4"), "int64": pseudo.astype(np.int64), "read-only": frozen,
            "strided": np.repeat(pseudo, 2, axis=1)[:, ::2],
        }
        for name, array in same.items():
            with self.subTest(name):
                np.testing.assert_array_equal(seplflow.sepl(array, masks), expected)
        self.assertEqual((expected.dtype, expected.shape), (np.uint8, (6, 8)))
        expected[0, 0] = 1  # belongs to the caller

    def test_masks_of_every_form_are_the_same(self):
        pseudo, masks = scene()
        expected = seplflow.sepl(pseudo, masks)
        generated = [{"segmentation": m, "area": int(m.sum()), "predicted_iou": 0.9, "stability_score": 0.8,
                      "point_coords": [[1.0, 2.0]], "crop_box": [0, 0, 8, 6]} for m in masks]
        forms = {
            "list": list(masks), "uint8": masks.astype(np.uint8) * 255, "generate()": generated,
            "Fortran": np.asfortranarray(masks), "negative": masks[:, ::-1].copy()[:, ::-1],
            "any byte": (masks.astype(np.uint8) * 3).view(bool), "runs": [rle(m) for m in masks],
            "Masks": seplflow.Masks(masks), "COCO": seplflow.Masks(masks).to_rle(),
            "bytes": [{**m, "counts": m["counts"].encode()} for m in seplflow.Masks(masks).to_rle()],
            "records": seplflow.Masks(generated).to_records(),
        }
        for name, form in forms.items():
            with self.subTest(name):
                np.testing.assert_array_equal(seplflow.sepl(pseudo, form), expected)
        np.testing.assert_array_equal(np.asarray(seplflow.Masks(masks)), masks)
        self.assertEqual(seplflow.Masks(generated).to_records()[1]["predicted_iou"], 0.9)
        self.assertEqual(list(seplflow.Masks(masks).areas), [int(m.sum()) for m in masks])
        for nothing in ([], np.zeros((0, 6, 8), bool)):
            np.testing.assert_array_equal(seplflow.sepl(pseudo, nothing), pseudo)

    def test_wrong_values_say_what_is_wanted(self):
        pseudo, masks = scene()
        maps = {"an H x W array of integers": [pseudo.astype(float), pseudo[0], pseudo > 0, [[1, 2]], None,
                                               np.zeros((0, 8), np.uint8), "text",
                                               np.ma.masked_equal(pseudo, 0)]}
        for text, values in maps.items():
            for value in values:
                with self.subTest(repr(value)), self.assertRaisesRegex(TypeError, text):
                    seplflow.sepl(value, masks)
        for value in [masks.astype(float), masks[0], 5, [masks[0].astype(float)], [[1]]]:
            with self.subTest(repr(value)), self.assertRaisesRegex(TypeError, "bool"):
                seplflow.sepl(pseudo, value)
        with self.assertRaisesRegex(ValueError, r"from 0 to 255, got 300 at \(2, 1\)"):
            wide = pseudo.astype(int)
            wide[2, 1] = 300
            seplflow.sepl(wide, masks)
        with self.assertRaisesRegex(ValueError, "got -1"):
            seplflow.sepl(pseudo.astype(int) - 1, masks)
        with self.assertRaisesRegex(ValueError, "the value 2"):
            seplflow.sepl(pseudo, masks.astype(np.uint8) * 2)
        with self.assertRaisesRegex(ValueError, "mask 1.*48"):
            seplflow.sepl(pseudo, [rle(masks[0]), {"size": [6, 8], "counts": [3]}])
        with self.assertRaisesRegex(seplflow.Error, "6x9.*6x8|6x8.*6x9"):
            seplflow.sepl(pseudo, np.zeros((1, 6, 9), bool))
        with self.assertWarnsRegex(seplflow.StageWarning, "transposed"):
            seplflow.Masks([{"segmentation": rle(masks[0]), "area": 400}])

    def test_scores_keep_their_precision(self):
        values = np.random.default_rng(1).random((2, 5, 4))
        for dtype in (np.float16, np.float32, np.float64, ">f4", ">f8"):
            given = np.asfortranarray(values.astype(dtype))
            for form in (seplflow.Scores(given, [3, 9], "irn"), {3: given[0], 9: given[1]}):
                with self.subTest(f"{dtype} {type(form).__name__}"):
                    label = seplflow.stage("label.threshold", background=0.5)(scores=form)
                    best = given.argmax(axis=0)
                    expected = np.where(given.max(axis=0) > given.dtype.type(0.5), np.array([3, 9])[best], 0)
                    np.testing.assert_array_equal(label, expected)
        wrong = [seplflow.Scores(values.astype(int), [3, 9]), seplflow.Scores(values, [3]), {}, values,
                 {3: values[0], 9: values[1].astype(np.float32)}]
        for value in wrong:
            with self.subTest(repr(value)[:60]), self.assertRaises(TypeError):
                seplflow.stage("label.threshold", background=0.5)(scores=value)
        with self.assertRaisesRegex(ValueError, "NaN"):
            seplflow.stage("label.threshold", background=0.5)(scores={3: np.full((2, 2), np.nan)})


class RealLabels(unittest.TestCase):
    def test_sepl_returns_the_labels_of_the_authors(self):
        beside = pathlib.Path(__file__).resolve().parents[3] / "shared/data"
        data = pathlib.Path(os.environ.get("SEPLFLOW_TEST_DATA") or beside) / "voc12-transcam"
        try:
            from PIL import Image
        except ImportError:
            self.skipTest("python3-pil is not installed")
        if not data.is_dir():
            if os.environ.get("SEPLFLOW_REQUIRE_DATA") == "1":
                self.fail(f"there is no folder {data}")
            self.skipTest(f"there is no folder {data}")
        for id in (data / "with_masks.txt").read_text().split()[:40]:
            pseudo, expected = (np.array(Image.open(data / folder / f"{id}.png"))
                                for folder in ("labels", "expected/paper_last"))
            records = json.loads((data / "sam_json" / f"{id}.json").read_text())
            with self.subTest(id):
                np.testing.assert_array_equal(seplflow.sepl(pseudo, records), expected)
                masks = seplflow.Masks(records).to_array()
                np.testing.assert_array_equal(seplflow.sepl(np.asfortranarray(pseudo), masks), expected)


class Stages(unittest.TestCase):
    def test_errors_are_those_of_the_program(self):
        pseudo, masks = scene()
        select = seplflow.stage("sepl.select")
        cases = [
            (seplflow.UsageError, 'there is no stage "sepl.selct"; did you mean "sepl.select"',
             lambda: seplflow.stage("sepl.selct")),
            (seplflow.UsageError, 'stage "sepl.select" .* has no option "t3"; did you mean',
             lambda: seplflow.stage("sepl.select", t3=1)),
            (seplflow.UsageError, 'option "t1": expected a number from 0 to 1, got 2',
             lambda: seplflow.stage("sepl.select", t1=2)),
            (seplflow.UsageError, 'option "overlap" must be one of "last", "support", "smallest"; got "first"',
             lambda: seplflow.stage("sepl.select", overlap="first")),
            (seplflow.UsageError, "is of kind observer", lambda: seplflow.stage("eval.miou")),
            (seplflow.UsageError, "belongs to pipeline files", lambda: seplflow.stage("sepl.select", use="a")),
            (TypeError, 'option "t1": expected a bool, a number', lambda: seplflow.stage("sepl.select", t1=object())),
            (TypeError, r'has no input "mask"; did you mean "masks"\? \(it has "pseudo", "masks"',
             lambda: select(pseudo=pseudo, mask=masks)),
            (TypeError, r'input "overlaps" \(OverlapTable\) of stage "sepl.select" \(sepl.select\) is not connected',
             lambda: select(pseudo=pseudo, masks=masks)),
            (TypeError, "expected .*OverlapTable", lambda: select(pseudo=pseudo, masks=masks, overlaps=seplflow.Masks(masks))),
            (TypeError, "sample: expected an id", lambda: select(sample=3, pseudo=pseudo)),
        ]
        for kind, text, call in cases:
            with self.subTest(text), self.assertRaisesRegex(kind, text):
                call()
        # Usable after an exception.
        overlaps = seplflow.stage("sepl.assign")(pseudo=pseudo, masks=masks)
        self.assertEqual(overlaps.classes.tolist(), [3, 7])
        self.assertEqual(overlaps.overlaps.tolist(), [[0, 12], [4, 0], [0, 0]])
        self.assertEqual(overlaps.assigned.tolist(), [7, 3, 255])
        result = select(pseudo=pseudo, masks=masks, overlaps=overlaps)
        np.testing.assert_array_equal(result["labels"], seplflow.sepl(pseudo, masks))
        self.assertEqual(select.options["t1"], 0.5)
        self.assertIn("t1", select.__doc__)
        self.assertIn("sepl.select", seplflow.stages())

    def test_a_stage_may_need_one_of_its_optional_inputs(self):
        pseudo, _ = scene()
        image = np.repeat(pseudo[..., None] * 20, 3, axis=2)
        crf = seplflow.stage("label.crf", preset="irn")
        self.assertEqual(crf(image=image, labels=pseudo).shape, pseudo.shape)
        both = seplflow.stage("label.crf", preset="irn", outputs=["scores"])(image=image, labels=pseudo)
        self.assertEqual(sorted(both), ["labels", "scores"])
        self.assertEqual(both["scores"].values.shape[1:], pseudo.shape)
        with self.assertRaisesRegex(seplflow.UsageError, 'has no output "score"'):
            seplflow.stage("label.crf", outputs=["score"])
        with self.assertRaisesRegex(seplflow.UsageError, "neither labels nor scores is connected"):
            crf(image=image)
        with self.assertRaisesRegex(seplflow.UsageError, 'has no option "method"'):
            seplflow.stage("label.crf", method="irn")

    def test_a_stage_may_be_called_from_threads(self):
        pseudo, masks = scene()
        expected = seplflow.sepl(pseudo, masks)
        wrong = []

        def work():
            for _ in range(200):
                if not np.array_equal(seplflow.sepl(pseudo, masks), expected):
                    wrong.append(1)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
