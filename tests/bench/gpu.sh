#!/bin/bash
# What SAM and DeepLab cost on a GPU beside their official Python code; see README.md. Needs a CUDA
# build of PyTorch, a C++20 compiler, CMake and zlib, and nothing else that seplflow needs.
#   tests/bench/gpu.sh [FOLDER [DEVICE]]
# builds in FOLDER (default /tmp/seplflow-gpu) and measures on DEVICE (default cuda). With DEVICE cpu
# it only proves that everything builds and runs: networks of few blocks, small images.
# PYTHON names the Python that has PyTorch, JOBS the compilers and threads to use.
# DEEPLAB_PYTORCH and SEGMENT_ANYTHING name the folders of the official code.
set -euo pipefail
bench=$(cd "$(dirname "$0")" && pwd)
folder=${1:-/tmp/seplflow-gpu}
device=${2:-cuda}
python=${PYTHON:-python3}
jobs=${JOBS:-$(nproc)}
export PYTHONDONTWRITEBYTECODE=1

mkdir -p "$folder"
"$python" - "$device" <<'END' || exit 1
import sys
try:
    import torch
except ImportError as error:
    sys.exit(f"gpu.sh: {sys.executable} has no PyTorch ({error}); set PYTHON to one that has it")
if sys.argv[1] != "cpu" and not torch.cuda.is_available():
    sys.exit(f"gpu.sh: PyTorch {torch.__version__} sees no GPU here; to try the script on the CPU: "
             "gpu.sh FOLDER cpu")
END
# A package of pip has all of libtorch; where it has not, CMake looks for that of the system.
torch=$("$python" -c 'import os, torch; print(os.path.dirname(torch.__file__))')
old_abi=$("$python" -c 'import torch; print("OFF" if torch.compiled_with_cxx11_abi() else "ON")')
[ -e "$torch/lib/libtorch_cpu.so" ] || torch=
begin=$SECONDS
echo "== Build, $(date +%T)"
cmake -S "$bench/gpu" -B "$folder/build" -DCMAKE_BUILD_TYPE=Release -DTORCH_PACKAGE="$torch" \
      -DTORCH_OLD_ABI="$old_abi" >"$folder/configure.log" 2>&1 || {
  tail -30 "$folder/configure.log"
  exit 1
}
cmake --build "$folder/build" -j "$jobs" >"$folder/build.log" 2>&1 || {
  grep -E -A5 'error|undefined' "$folder/build.log" | head -60
  exit 1
}
echo "   $((SECONDS - begin)) s"
nets=$folder/build/seplflow_bench_nets
sam=$folder/build/seplflow_bench_sam

blocks=(3 4 23 3) batch=10 repeats=20 side=321 model=vit_h images=10 width=1024
if [ "$device" = cpu ]; then
  blocks=(1 1 1 1) batch=2 repeats=1 side=65 model=tiny images=1 width=64
fi

results=$folder/results.txt
: >"$results"
# measure COMMAND...: a line "WHOSE WHAT DEVICE PRECISION: SECONDS s, ...". One that fails is said and
# left out of the table.
measure() {
  local line
  if line=$("$@" 2>"$folder/error.log"); then
    echo "$line"
    echo "$network $line" >>"$results"
  else
    echo "   not measured: $* failed: $(tail -1 "$folder/error.log")"
  fi
}

# The whole takes less than ten minutes: each work is measured once, and again while there is time.
time_is_left() { [ "$repetition" = 1 ] || [ $((SECONDS - begin)) -lt "$until" ]; }

network=deeplab until=200
echo "== DeepLab V2, ${blocks[*]} blocks, crops of $side x $side, batches of $batch, $(date +%T)"
[ -n "${DEEPLAB_PYTORCH:-}" ] ||
  echo "   beside its network written in PyTorch (nets.py), since DEEPLAB_PYTORCH is not set"
"$nets" make "$folder/deeplab.pth" "${blocks[@]}"
for precision in float32 bfloat16; do
  for mode in forward train; do
    # Interleaved, since clocks and neighbours change.
    for repetition in 1 2 3; do
      time_is_left || break
      settings=("$mode" "$folder/deeplab.pth" "$device" "$precision" "$batch" "$repeats" "$jobs" "$side")
      measure "$nets" "${settings[@]}"
      measure "$python" "$bench/nets.py" "${settings[@]}"
    done
  done
done

network=sam until=400
echo "== SAM, $model, images of $((width * 3 / 4)) x $width, $(date +%T)"
official=
if [ -z "${SEGMENT_ANYTHING:-}" ]; then
  echo "   its official code is not measured, since SEGMENT_ANYTHING is not set"
elif ! PYTHONPATH=$SEGMENT_ANYTHING${PYTHONPATH:+:$PYTHONPATH} "$python" -c 'import segment_anything' 2>"$folder/error.log"; then
  echo "   its official code is not measured: $(tail -1 "$folder/error.log")"
else
  official=yes
fi
[ -e "$folder/$model.pth" ] || "$sam" make "$folder/$model.pth" "$model"
for precision in float32 bfloat16; do
  for repetition in 1 2; do
    time_is_left || break
    for mode in plain ours generate; do
      measure "$sam" "$mode" "$folder/$model.pth" "$images" 1 "$device" "$precision" "$width"
    done
    [ -z "$official" ] ||
      PYTHONPATH=$SEGMENT_ANYTHING${PYTHONPATH:+:$PYTHONPATH} measure "$python" "$bench/sam.py" "$folder/$model.pth" "$images" \
        "$device" "$precision" "$width"
  done
done

echo "== Medians, $((SECONDS - begin)) s in all"
"$python" "$bench/gpu/table.py" "$results" "$folder/results.json"
echo "   also in $folder/results.json"
