#!/usr/bin/env bash
# Installs what seplflow is built from, with apt-get, on Debian 12 or later.
#   scripts/install-deps.sh               to build and run
#   scripts/install-deps.sh --with-tests  to run the tests and benchmarks as well
#   scripts/install-deps.sh --with-sam    to make masks with SAM as well, on the CPU
set -euo pipefail

packages=(g++ cmake ninja-build ccache
  libtbb-dev libboost-dev libpng-dev libjpeg62-turbo-dev libsimdjson-dev libspdlog-dev
  libtomlplusplus-dev nlohmann-json3-dev libcli11-dev libxxhash-dev)
for argument in "$@"; do
  case $argument in
    --with-tests) packages+=(catch2 clang libclang-rt-dev python3-numpy python3-pil xz-utils) ;;
    # Without OpenBLAS libtorch multiplies matrices 30 times as slowly, and the serial variant cannot
    # be used by several threads at once.
    --with-sam) packages+=(libtorch-dev libopenblas0-pthread) ;;
    *) echo "usage: scripts/install-deps.sh [--with-tests] [--with-sam]" >&2; exit 2 ;;
  esac
done

missing=()
for package in "${packages[@]}"; do
  state=$(dpkg-query --show --showformat '${db:Status-Status}' "$package" 2>/dev/null || true)
  [ "$state" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -eq 0 ]; then
  echo "== All packages are installed"
  exit 0
fi

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "error: run this as root, or install sudo; missing: ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "== Installing: ${missing[*]}"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
echo "== Installed"
