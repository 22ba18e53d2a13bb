#!/usr/bin/env python3
"""What SAM costs in its official code; see README.md.

    sam.py FILE [IMAGES [DEVICE [PRECISION]]]

FILE is a checkpoint of ViT-H's shape of `seplflow_bench_sam make`. Needs segment_anything
(facebookresearch/segment-anything), torchvision and numpy.
"""

import sys
import time

import numpy as np
import torch
from segment_anything import SamAutomaticMaskGenerator, sam_model_registry


def main(file, images=1, device="cuda", precision="float32"):
    model = sam_model_registry["vit_h"](checkpoint=file).to(device)
    generator = SamAutomaticMaskGenerator(model)
    image = np.full((768, 1024, 3), 100, dtype=np.uint8)
    mixed = torch.autocast(device.split(":")[0], torch.bfloat16, enabled=precision == "bfloat16")
    with mixed:
        generator.generate(image)
        begin = time.perf_counter()
        for _ in range(int(images)):
            generator.generate(image)
        if device != "cpu":
            torch.cuda.synchronize()
    seconds = (time.perf_counter() - begin) / int(images)
    print(f"official SAM ViT-H {device} {precision}: {seconds:.3f} s an image, "
          f"{1 / seconds:.2f} images/s")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
