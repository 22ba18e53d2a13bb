#!/bin/bash
# What SAM and DeepLab cost on a GPU beside their official Python code; see README.md. Needs a CUDA
# build of PyTorch, its compiler, CMake and zlib, and nothing else that seplflow needs.
#   tests/bench/gpu.sh [FOLDER [DEVICE]]
# builds in FOLDER (default /tmp/seplflow-gpu) and measures on DEVICE (default cuda). With DEVICE cpu
# it only proves that everything builds and runs: one small SAM, one iteration.
# Set SEGMENT_ANYTHING to a folder with segment-anything for the official code of SAM.
set -euo pipefail
bench=$(cd "$(dirname "$0")" && pwd)
folder=${1:-/tmp/seplflow-gpu}
device=${2:-cuda}
python=${PYTHON:-python3}
jobs=${JOBS:-$(nproc)}

mkdir -p "$folder"
# PyTorch's own package, or that of the system.
prefix=$("$python" -c 'import torch; print(torch.utils.cmake_prefix_path)')
[ -e "$prefix/Torch/TorchConfig.cmake" ] || prefix=
echo "== Build, $(date +%T)"
cmake -S "$bench/gpu" -B "$folder/build" -DCMAKE_BUILD_TYPE=Release \
      ${prefix:+-DCMAKE_PREFIX_PATH="$prefix"} >"$folder/configure.log"
cmake --build "$folder/build" -j "$jobs" >"$folder/build.log" || {
  tail -30 "$folder/build.log"
  exit 1
}
nets=$folder/build/seplflow_bench_nets
sam=$folder/build/seplflow_bench_sam

precisions=(float32 bfloat16)
batch=10 repeats=20 model=vit_h images=10
if [ "$device" = cpu ]; then
  precisions=(float32) batch=1 repeats=1 model=tiny images=1
fi

echo "== DeepLab V2, crops of 321 x 321, batches of $batch, $(date +%T)"
[ -e "$folder/deeplab.pth" ] || "$nets" make "$folder/deeplab.pth"
for precision in "${precisions[@]}"; do
  for mode in forward train; do
    # Interleaved, since clocks and neighbours change.
    for repetition in 1 2; do
      "$nets" "$mode" "$folder/deeplab.pth" "$device" "$precision" "$batch" "$repeats" "$jobs"
      "$python" "$bench/nets.py" "$mode" "$folder/deeplab.pth" "$device" "$precision" "$batch" \
        "$repeats" "$jobs"
    done
  done
done

echo "== SAM, $model, $(date +%T)"
[ -e "$folder/sam.pth" ] || "$sam" make "$folder/sam.pth" "$model"
for precision in "${precisions[@]}"; do
  for mode in plain ours generate; do
    echo "seplflow's benchmark, $mode, $precision:"
    "$sam" "$mode" "$folder/sam.pth" "$images" 1 "$device" "$precision"
  done
  [ "$device" != cpu ] || continue
  if [ -n "${SEGMENT_ANYTHING:-}" ]; then
    PYTHONPATH=$SEGMENT_ANYTHING "$python" "$bench/sam.py" "$folder/sam.pth" "$images" "$device" \
      "$precision"
  else
    echo "official SAM: not measured, since SEGMENT_ANYTHING is not set"
  fi
done
echo "== Done, $(date +%T)"
