#!/usr/bin/env python3
"""What DeepLab V2 costs in PyTorch, to run and to train; see README.md.

    nets.py forward|train FILE [DEVICE [PRECISION [BATCH [REPEATS [THREADS [SIDE]]]]]]

FILE is a checkpoint of `seplflow_bench_nets make`, which is loaded with strict=True. The network is
that of deeplab-pytorch, layer by layer; or its own code, where DEEPLAB_PYTORCH names its folder.
"""

import os
import resource
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

CLASSES = 21


class ConvNorm(nn.Sequential):
    def __init__(self, inputs, outputs, kernel, stride, padding, dilation, relu=True):
        super().__init__()
        self.add_module("conv", nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation,
                                          bias=False))
        self.add_module("bn", nn.BatchNorm2d(outputs, eps=1e-5, momentum=1 - 0.999))
        if relu:
            self.add_module("relu", nn.ReLU())


class Bottleneck(nn.Module):
    def __init__(self, inputs, outputs, stride, dilation, first):
        super().__init__()
        middle = outputs // 4
        self.reduce = ConvNorm(inputs, middle, 1, stride, 0, 1)
        self.conv3x3 = ConvNorm(middle, middle, 3, 1, dilation, dilation)
        self.increase = ConvNorm(middle, outputs, 1, 1, 0, 1, relu=False)
        self.shortcut = (ConvNorm(inputs, outputs, 1, stride, 0, 1, relu=False) if first
                         else nn.Identity())

    def forward(self, x):
        y = self.increase(self.conv3x3(self.reduce(x)))
        y += self.shortcut(x)
        return F.relu(y)


class Layer(nn.Sequential):
    def __init__(self, blocks, inputs, outputs, stride, dilation):
        super().__init__()
        for i in range(blocks):
            self.add_module(f"block{i + 1}", Bottleneck(inputs if i == 0 else outputs, outputs,
                                                        stride if i == 0 else 1, dilation, i == 0))


class Stem(nn.Sequential):
    def __init__(self):
        super().__init__()
        self.add_module("conv1", ConvNorm(3, 64, 7, 2, 3, 1))
        self.add_module("pool", nn.MaxPool2d(3, 2, 1, ceil_mode=True))


class Aspp(nn.Module):
    def __init__(self):
        super().__init__()
        for i, rate in enumerate([6, 12, 18, 24]):
            self.add_module(f"c{i}", nn.Conv2d(2048, CLASSES, 3, 1, rate, rate))

    def forward(self, x):
        return sum(stage(x) for stage in self.children())


class DeepLab(nn.Sequential):
    def __init__(self, blocks):
        super().__init__()
        self.add_module("layer1", Stem())
        self.add_module("layer2", Layer(blocks[0], 64, 256, 1, 1))
        self.add_module("layer3", Layer(blocks[1], 256, 512, 2, 1))
        self.add_module("layer4", Layer(blocks[2], 512, 1024, 1, 2))
        self.add_module("layer5", Layer(blocks[3], 1024, 2048, 1, 4))
        self.add_module("aspp", Aspp())


class Msc(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.base = DeepLab(blocks)

    def forward(self, x):
        logits = self.base(x)
        pyramid = [self.base(F.interpolate(x, scale_factor=scale, mode="bilinear",
                                           align_corners=False)) for scale in (0.5, 0.75)]
        enlarged = [F.interpolate(small, size=logits.shape[2:], mode="bilinear",
                                  align_corners=False) for small in pyramid]
        largest = torch.max(torch.stack([logits] + enlarged), dim=0)[0]
        return [logits] + pyramid + [largest] if self.training else largest


def network_of(state):
    """The network of the weights, and whose code it is."""
    names = [{name.split(".")[2] for name in state if name.startswith(f"base.layer{i}.")}
             for i in (2, 3, 4, 5)]
    blocks = [len(each) for each in names]
    folder = os.environ.get("DEEPLAB_PYTORCH")
    if not folder:
        return Msc(blocks), "PyTorch"
    sys.path.insert(0, folder)
    from libs.models import MSC, DeepLabV2
    return MSC(DeepLabV2(CLASSES, blocks, [6, 12, 18, 24]), [0.5, 0.75]), "deeplab-pytorch"


def groups(network):
    first, weights, biases = [], [], []
    for name, module in network.named_modules():
        if isinstance(module, nn.Conv2d):
            (first if "layer" in name else weights).append(module.weight)
            if module.bias is not None:
                biases.append(module.bias)
    # At the published rate a network with random weights diverges in the third iteration.
    rate = 2.5e-7
    return [{"params": first, "lr": rate, "weight_decay": 5e-4},
            {"params": weights, "lr": 10 * rate, "weight_decay": 5e-4},
            {"params": biases, "lr": 20 * rate, "weight_decay": 0.0}]


def steps(mode, network, batch, device, precision, side):
    """A function that does one forward or one iteration, and one that waits for the device."""
    count = 1 if mode == "forward" else batch
    pixels = torch.arange(count * 3 * side * side) * 7919 % 251
    images = (pixels.float() - 125).view(count, 3, side, side)
    rows = torch.arange(side) // 16 % CLASSES
    labels = rows.view(1, side, 1).expand(count, side, side)
    half = precision == "bfloat16"
    mixed = torch.autocast(device.split(":")[0], torch.bfloat16, enabled=half)

    def wait():
        if device != "cpu":
            torch.cuda.synchronize()

    if mode == "forward":
        network.eval()

        def forward():
            with torch.no_grad(), mixed:
                network(images.to(device)).float().cpu()

        return forward, wait
    network.train()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eval()
    optimizer = torch.optim.SGD(groups(network), momentum=0.9, lr=0)

    def train():
        optimizer.zero_grad()
        with mixed:
            outputs = network(images.to(device))
        loss = 0
        for logits in outputs:
            size = logits.shape[2:]
            small = F.interpolate(labels[:, None].float(), size=size).long()[:, 0].to(device)
            loss = loss + F.cross_entropy(logits.float(), small, ignore_index=255)
        loss.backward()
        optimizer.step()

    return train, wait


def main(mode, file, device="cpu", precision="float32", batch=1, repeats=3, threads=1, side=321):
    torch.set_num_threads(int(threads))
    repeats = int(repeats)
    state = torch.load(file, map_location="cpu")
    network, whose = network_of(state)
    network.load_state_dict(state, strict=True)
    network.to(device)
    step, wait = steps(mode, network, int(batch), device, precision, int(side))
    step()
    wait()
    begin = time.perf_counter()
    for _ in range(repeats):
        step()
    wait()
    seconds = time.perf_counter() - begin
    unit = "images" if mode == "forward" else "iterations"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"{whose} {mode} {device} {precision}: {seconds / repeats:.4f} s, "
          f"{repeats / seconds:.2f} {unit}/s, peak {peak:.2f} GB")


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
