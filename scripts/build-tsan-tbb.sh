#!/usr/bin/env bash
# Builds oneTBB with ThreadSanitizer from the source package of this system, and installs it into
# build/tsan-tbb/install. The packaged library is not instrumented: with it ThreadSanitizer reports
# correct programs too.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD/build/tsan-tbb
if [ -e "$root/install/done" ]; then
  echo "== oneTBB with ThreadSanitizer is already built"
  exit 0
fi
echo "== Fetching the source of oneTBB"
rm -rf "$root"
mkdir -p "$root/apt/lists/partial" "$root/apt/parts"
# The package sources of this system, changed to offer source packages, in a folder of our own.
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
  [ -e "$file" ] || continue
  case $file in
    *.list) sed -n 's/^deb /deb-src /p' "$file" > "$root/apt/parts/$(basename "$file")" ;;
    *.sources) sed 's/^Types:.*/Types: deb-src/' "$file" > "$root/apt/parts/$(basename "$file")" ;;
  esac
done
options=(-o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$root/apt/parts"
  -o "Dir::State::Lists=$root/apt/lists")
apt-get "${options[@]}" update -qq || true  # not every package source has source packages
(cd "$root" && apt-get "${options[@]}" source -qq --download-only --tar-only onetbb)
if ! ls "$root"/onetbb_*.orig.tar.* >/dev/null 2>&1; then
  echo "error: the package sources of this system do not have the source of onetbb" >&2
  exit 1
fi
mkdir "$root/source"
tar -xf "$root"/onetbb_*.orig.tar.* -C "$root/source" --strip-components 1

echo "== Building oneTBB with ThreadSanitizer"
cmake -S "$root/source" -B "$root/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
  -DCMAKE_INSTALL_PREFIX="$root/install" \
  -DTBB_TEST=OFF -DTBB_STRICT=OFF -DTBBMALLOC_BUILD=OFF -DTBB_ENABLE_IPO=OFF \
  -DCMAKE_CXX_FLAGS="-fsanitize=thread -Wno-tsan" \
  -DCMAKE_CXX_FLAGS_RELWITHDEBINFO="-O1 -g1" >/dev/null
cmake --build "$root/build" --target install -- --quiet >/dev/null
touch "$root/install/done"
