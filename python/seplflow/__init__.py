"""SAM enhanced pseudo-labels for weakly supervised segmentation.

=======================================  ==========================================================
``sepl(pseudo, masks)``                  enhances one pseudo-label
``stage("label.crf", preset="irn")``     any transform of any plugin, on arrays
``run("voc.toml")``                      runs a pipeline into a run folder
``check("voc.toml")``                    finds every error in a pipeline without running it
``open("runs/voc")``                     a finished run: metrics, tables, labels, explanations
``stream("voc.toml", outputs=[...])``    the samples of a pipeline, one by one
=======================================  ==========================================================
"""
from ._seplflow import Masks, Overlaps, Value
from ._seplflow import version as __version__
from ._errors import Error, PipelineError, RunError, StageWarning, UsageError
from ._runs import CheckResult, Run, check, open, run
from ._stages import Stage, sepl, stage, stages
from ._stream import Stream, StreamSample, stream
from ._values import Sample, Scores

__all__ = [
    "CheckResult", "Error", "Masks", "Overlaps", "PipelineError", "Run", "RunError", "Sample", "Scores",
    "Stage", "StageWarning", "Stream", "StreamSample", "UsageError", "Value", "__version__", "check",
    "open", "run", "sepl", "stage", "stages", "stream",
]
