"""Answers what the program asks of stages."""

import json
import math
import os
import socket
import struct
import sys
from pathlib import Path

import numpy as np

from seplflow import plugin
from seplflow_worker.declarations import declarations_of
from seplflow_worker.modules import Wrong, load_module, text_of
from seplflow_worker.values import (Block, Reader, Writer, from_plain, metrics_of, sample_of, to_plain)


class MeansOfColumns:
    """An observer that is a function: the row of a sample is what it returns, and the means are the result."""

    def __init__(self, columns, scores):
        self.columns, self.scores = columns, scores
        self.sums, self.counts = [0.0] * len(columns), [0] * len(columns)

    def fold(self, sample, record):
        numbers = list(record.values()) if isinstance(record, dict) else record
        numbers = list(numbers) if isinstance(numbers, (list, tuple)) else [numbers]
        if isinstance(record, dict):
            if set(record) != set(self.columns):
                raise Wrong(f"it returned {sorted(record)}; its columns are {sorted(self.columns)}")
            numbers = [record[column] for column in self.columns]
        if len(numbers) != len(self.columns):
            raise Wrong(f"it returned {len(numbers)} numbers, but has {len(self.columns)} columns")
        for i, number in enumerate(numbers):
            if not isinstance(number, (int, float)):
                raise Wrong(f"it returned {number!r} for the column \"{self.columns[i]}\"; expected a number")
            if math.isfinite(number):
                self.sums[i] += number
                self.counts[i] += 1
        return [sample.id, *numbers]

    def finish(self):
        means = {column: total / count if count else math.nan
                 for column, total, count in zip(self.columns, self.sums, self.counts)}
        scores = [plugin.Score(column, means[column], column, unit) for column, unit in self.scores.items()]
        return plugin.Findings(metrics=means, scores=scores)


class Instance:
    """A stage with its options, in this process."""

    def __init__(self, declaration, options):
        self.declaration = declaration
        self.options = {option["name"]: Path(options[option["name"]]) if option["type"] == "path"
                        else options[option["name"]]
                        for option in declaration.options if options.get(option["name"]) is not None}
        self.object = declaration.target(**self.options) if declaration.is_class else None
        self.samples = None
        if declaration.stage.kind == "observer":
            self.folder = self.object if declaration.is_class else MeansOfColumns(
                declaration.stage.settings["columns"], declaration.stage.settings["scores"])

    def call(self, inputs, context):
        declaration = self.declaration
        named = {port["name"]: value for port, value in zip(declaration.inputs, inputs)}
        if declaration.context:
            named[declaration.context] = context
        if self.object is not None:
            return self.object(**named)
        return declaration.target(**named, **self.options)


class Worker:
    def __init__(self, control, request, response):
        self.socket = socket.socket(fileno=control)
        self.request = Block(request, writes=False)
        self.response = Block(response, writes=True)
        self.files = {}  # declarations by file and stage
        self.instances = {}
        self.file = ""  # for the places of errors
        self.base = None  # what the inputs of this call are views of

    def run(self):
        self.send({"ready": sys.executable})
        while True:
            head = self.receive(4)
            asked = json.loads(self.receive(struct.unpack("<I", head)[0]))
            self.send(self.answer(asked))

    def receive(self, size):
        data = bytearray()
        while len(data) < size:
            some = self.socket.recv(size - len(data))
            if not some:
                os._exit(0)  # the program has ended, or needs this process no longer
            data += some
        return bytes(data)

    def send(self, message):
        data = json.dumps(message, allow_nan=False).encode()
        self.socket.sendall(struct.pack("<I", len(data)) + data)

    def answer(self, asked):
        instance = self.instances.get(asked.get("id"))
        if instance is not None:
            self.file = instance.file
        try:
            answer = getattr(self, "do_" + asked["do"])(asked, instance)
        except BaseException as error:
            text = text_of(error, self.file)
            if isinstance(error, Wrong) and instance is not None:
                text = f"{instance.declaration.place}: {text}"
            answer = {"error": text}
        base, self.base = self.base, None
        # Two references are ours. Any other belongs to the stage, which has kept an input.
        if base is not None and sys.getrefcount(base) > 2:
            self.request.map = None
            answer["kept"] = True
        return answer

    def do_block(self, asked, instance):
        """A stage has kept an input, which may not change any more: the program sends another block."""
        _, descriptors, _, _ = socket.recv_fds(self.socket, 1, 1)
        os.close(self.request.descriptor)
        self.request = Block(descriptors[0], writes=False)
        return {}

    def do_load(self, asked, instance):
        self.file = asked["file"]
        _, stages = load_module(self.file, asked["text"])
        declarations = declarations_of(self.file, asked["text"], stages)
        self.files[self.file] = {each.stage.name: each for each in declarations}
        return {}

    def do_make(self, asked, instance):
        self.file = asked["file"]
        declaration = self.files[self.file].get(asked["stage"])
        declared = json.loads(asked["declared"])
        if declaration is None or declaration.errors or declaration.as_json() != declared:
            raise Wrong(f"{Path(self.file).name}: the stage {asked['stage']} has other inputs, outputs or options "
                        f"in {sys.executable} than when the file was described; if a module that it imports has "
                        "changed, change the file too")
        made = Instance(declaration, asked["options"])
        made.file = self.file
        self.instances[asked["id"]] = made
        return {}

    def do_call(self, asked, instance):
        context = plugin.Context(sample_of(asked["sample"]))
        self.base = self.request.bytes(max(asked["size"], 1))
        reader = Reader(self.base)
        result = instance.call([reader.value(each) for each in asked["inputs"]], context)
        return self.answer_of(instance.declaration, result, context)

    def answer_of(self, declaration, result, context):
        answer = {"warnings": context._warnings, "counts": context._counts}
        writer = Writer()
        kind = declaration.stage.kind
        if kind == "transform":
            if result is None:
                if not declaration.declines:
                    raise Wrong("it returned None; a stage that may decline a sample has the type hint "
                                "-> Optional[...]")
                return dict(answer, values=None)
            values = result if len(declaration.outputs) > 1 else (result,)
            if not isinstance(values, tuple) or len(values) != len(declaration.outputs):
                said = f"{len(values)} values" if isinstance(values, tuple) else type(values).__name__
                raise Wrong(f"it returned {said}; expected a tuple of {len(declaration.outputs)} values")
            answer["values"] = [writer.value(port["type"], value)
                                for port, value in zip(declaration.outputs, values)]
        elif kind == "observer":
            answer["record"] = json.dumps(to_plain(result))
        elif result is not None:
            raise Wrong(f"it returned {type(result).__name__}; a sink returns nothing and writes with "
                        "Context.write()")
        if context._files and kind != "sink":
            raise Wrong("only a sink may write files")
        answer["files"] = [[file, *writer.write_bytes(data)] for file, data in context._files]
        writer.copy_to(self.response)
        return answer

    def do_produce(self, asked, instance):
        context = plugin.Context(sample_of(asked["sample"]))
        port = instance.declaration.outputs[asked["output"]]
        value = getattr(instance.object, port["name"])(context.sample)
        if value is None:
            if not port["optional"]:
                raise Wrong(f"{port['name']}() returned None; an output that a sample may not have has the type "
                            "hint -> Optional[...]")
            return {"value": None}
        writer = Writer()
        sent = writer.value(port["type"], value)
        writer.copy_to(self.response)
        return {"value": sent}

    def do_next(self, asked, instance):
        if instance.samples is None:
            instance.samples = iter(instance.object.samples())
        sample = next(instance.samples, None)
        if sample is None:
            return {"sample": None}
        if not isinstance(sample, plugin.Sample):
            raise Wrong(f"samples() yielded {type(sample).__name__}; expected a Sample")
        return {"sample": {"id": str(sample.id), "classes": sample.classes, "size": sample.size,
                           "note": None if sample.note is None else json.dumps(to_plain(sample.note))}}

    def do_count(self, asked, instance):
        return {"count": len(instance.object)}

    def do_files(self, asked, instance):
        files = instance.object.files(sample_of(asked["sample"]))
        return {"files": [os.path.abspath(file) for file in files]}

    def do_fold(self, asked, instance):
        row = instance.folder.fold(sample_of(asked["sample"]), from_plain(json.loads(asked["record"])))
        return {"row": [] if row is None else to_plain(list(row))}

    def do_finish(self, asked, instance):
        found = instance.folder.finish()
        if isinstance(found, dict):
            found = plugin.Findings(metrics=found)
        if not isinstance(found, plugin.Findings):
            raise Wrong(f"finish() returned {type(found).__name__}; expected Findings or a dict of metrics")
        tables = [[table.title, list(table.columns), [[str(cell) for cell in row] for row in table.rows]]
                  for table in found.tables]
        return {"metrics": metrics_of(found.metrics), "tables": tables, "warnings": list(found.warnings),
                "scores": [[s.name, to_plain(float(s.value)), s.metric, s.unit, s.better] for s in found.scores],
                "conditions": found.conditions, "remark": found.remark}
