#!/usr/bin/env python3
"""What SAM costs in its official code; see README.md.

    sam.py FILE [IMAGES [DEVICE [PRECISION [WIDTH]]]]

FILE is a checkpoint of `seplflow_bench_sam make`. Needs segment_anything
(facebookresearch/segment-anything), torchvision and numpy.
"""

import functools
import sys
import time

import numpy as np
import torch
from segment_anything import SamAutomaticMaskGenerator
from segment_anything.modeling import (ImageEncoderViT, MaskDecoder, PromptEncoder, Sam,
                                       TwoWayTransformer)


def sam_of(state):
    """The official model, with the sizes of the weights, as build_sam.py makes it."""
    def sizes(name):
        return state[name].shape

    encoder = "image_encoder."
    width, _, patch, _ = sizes(encoder + "patch_embed.proj.weight")
    grid = sizes(encoder + "pos_embed")[1]
    depth = len({name.split(".")[2] for name in state if name.startswith(encoder + "blocks.")})
    # A block looks at the whole grid or at windows.
    spans = [(sizes(f"{encoder}blocks.{i}.attn.rel_pos_h")[0] + 1) // 2 for i in range(depth)]
    channels = sizes(encoder + "neck.0.weight")[0]
    layers = {name.split(".")[3] for name in state
              if name.startswith("mask_decoder.iou_prediction_head.layers.")}
    model = Sam(
        ImageEncoderViT(
            img_size=grid * patch, patch_size=patch, embed_dim=width, depth=depth,
            num_heads=width // sizes(encoder + "blocks.0.attn.rel_pos_h")[1],
            mlp_ratio=sizes(encoder + "blocks.0.mlp.lin1.weight")[0] / width,
            out_chans=channels, qkv_bias=True, use_rel_pos=True, window_size=min(spans),
            norm_layer=functools.partial(torch.nn.LayerNorm, eps=1e-6),
            global_attn_indexes=[i for i in range(depth) if spans[i] == grid]),
        PromptEncoder(embed_dim=channels, image_embedding_size=(grid, grid),
                      input_image_size=(grid * patch, grid * patch),
                      mask_in_chans=sizes("prompt_encoder.mask_downscaling.3.weight")[0]),
        MaskDecoder(
            num_multimask_outputs=sizes("mask_decoder.mask_tokens.weight")[0] - 1,
            transformer=TwoWayTransformer(
                depth=2, embedding_dim=channels, num_heads=8,
                mlp_dim=sizes("mask_decoder.transformer.layers.0.mlp.lin1.weight")[0]),
            transformer_dim=channels, iou_head_depth=len(layers),
            iou_head_hidden_dim=sizes("mask_decoder.iou_prediction_head.layers.0.weight")[0]),
        pixel_mean=[123.675, 116.28, 103.53], pixel_std=[58.395, 57.12, 57.375])
    model.load_state_dict(state)
    return model.eval()


class ToFloat32(torch.nn.Module):
    """The decoder with results in float32: what follows it (numpy, NMS) knows no bfloat16.

    On a CPU all of it is in float32, since layer_norm takes no mixture of types there.
    """

    def __init__(self, decoder, device):
        super().__init__()
        self.decoder = decoder
        self.device = device

    def forward(self, **inputs):
        if self.device == "cpu":
            inputs = {name: value.float() if torch.is_tensor(value) else value
                      for name, value in inputs.items()}
            with torch.autocast("cpu", enabled=False):
                return self.decoder(**inputs)
        return tuple(output.float() for output in self.decoder(**inputs))


def main(file, images=1, device="cuda", precision="float32", width=1024):
    model = sam_of(torch.load(file, map_location="cpu")).to(device)
    model.mask_decoder = ToFloat32(model.mask_decoder, device)
    generator = SamAutomaticMaskGenerator(model)
    image = np.full((int(width) * 3 // 4, int(width), 3), 100, dtype=np.uint8)
    mixed = torch.autocast(device.split(":")[0], torch.bfloat16, enabled=precision == "bfloat16")
    with mixed:
        generator.generate(image)
        begin = time.perf_counter()
        for _ in range(int(images)):
            generator.generate(image)
        if device != "cpu":
            torch.cuda.synchronize()
    seconds = (time.perf_counter() - begin) / int(images)
    print(f"segment-anything generate {device} {precision}: {seconds:.4f} s, "
          f"{1 / seconds:.2f} images/s")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    main(*sys.argv[1:])
