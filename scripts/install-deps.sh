#!/usr/bin/env bash
# Installs what seplflow needs, with apt-get, on Debian 12, Debian 13 or Ubuntu 24.04.
#   scripts/install-deps.sh               to build and run seplflow
#   scripts/install-deps.sh --with-sam    also libtorch, to run SAM and other networks on the CPU
#   scripts/install-deps.sh --with-hdf5   also libhdf5, to read CAMs in HDF5
#   scripts/install-deps.sh --with-python also pybind11 and Python's headers, for import seplflow
#   scripts/install-deps.sh --with-tests  also what the tests and benchmarks need, libhdf5, pybind11,
#                                         and libtorch where the system has it
set -euo pipefail

packages=(g++ cmake ninja-build
  libtbb-dev libboost-dev libpng-dev libdeflate-dev zlib1g-dev libjpeg-dev libsimdjson-dev
  libspdlog-dev libtomlplusplus-dev nlohmann-json3-dev libxxhash-dev libjs-chart.js
  pkg-config libcairo2-dev libpango1.0-dev fonts-dejavu-core)
# Without OpenBLAS libtorch multiplies matrices 30 times as slowly. The serial variant of OpenBLAS
# cannot be used by several threads at once.
sam_packages=(libtorch-dev libopenblas0-pthread)
sam=no
# What a system may not have; the tests that need it are skipped then.
optional_packages=()
for argument in "$@"; do
  case $argument in
    --with-sam) sam=required ;;
    --with-hdf5) packages+=(libhdf5-dev) ;;
    --with-python) packages+=(pybind11-dev python3-dev python3-numpy) ;;
    --with-tests)
      packages+=(catch2 clang fish libclang-rt-dev libhdf5-dev man-db pybind11-dev python3-dev
        python3-jsonschema python3-numpy python3-pil xz-utils zsh)
      optional_packages+=(chromium libbenchmark-dev munge slurm-client slurmctld slurmd)
      [ $sam = required ] || sam=optional ;;
    *)
      echo "usage: scripts/install-deps.sh [--with-tests] [--with-sam] [--with-hdf5] [--with-python]" >&2
      exit 2 ;;
  esac
done

fail() { echo "error: $*" >&2; exit 1; }

is_installed() {
  [ "$(dpkg-query --show --showformat '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

apt_knows() { apt-cache show "$1" >/dev/null 2>&1; }

apt_get() {
  local as_root=()
  if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null ||
      fail "run this script as root, or install sudo; missing packages: ${missing[*]}"
    as_root=(sudo)
  fi
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@"
}

list_missing() {
  missing=()
  for package in "${packages[@]}"; do is_installed "$package" || missing+=("$package"); done
}

[ $sam = no ] || packages+=("${sam_packages[@]}")
list_missing
if [ ${#missing[@]} -gt 0 ] && ! apt_knows g++; then
  apt_get update  # a new container has no package lists
fi
if [ $sam != no ] && ! is_installed libtorch-dev && ! apt_knows libtorch-dev; then
  [ $sam = optional ] || fail "this system has no package libtorch-dev; docs/install.md explains" \
    "how to build masks.sam with a libtorch from elsewhere"
  echo "== This system has no package libtorch-dev: masks.sam will be neither built nor tested"
  packages=("${packages[@]:0:${#packages[@]}-${#sam_packages[@]}}")
  list_missing
fi
for package in "${optional_packages[@]}"; do
  if is_installed "$package" || apt_knows "$package"; then packages+=("$package"); fi
done
list_missing
if [ ${#missing[@]} -eq 0 ]; then
  echo "== All packages are installed"
  exit 0
fi

echo "== Installing: ${missing[*]}"
apt_get update
apt_get install -y --no-install-recommends "${missing[@]}" >/dev/null
echo "== Installed"
