#!/usr/bin/env bash
# Builds oneTBB, from the distribution's own source, with ThreadSanitizer: the packaged library is
# not instrumented, so that even a correct graph would be reported. Into build/tsan-tbb/install.
set -euo pipefail
cd "$(dirname "$0")/.."

root=$PWD/build/tsan-tbb
if [ -e "$root/install/done" ]; then
  echo "== oneTBB with ThreadSanitizer is built"
  exit 0
fi
echo "== Fetching the source of oneTBB"
rm -rf "$root"
mkdir -p "$root/apt/lists/partial" "$root/apt/parts"
# The machine's own package sources, asked for source instead of binaries, in lists of our own.
for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
  [ -e "$file" ] || continue
  sed -n 's/^deb /deb-src /p' "$file" | grep -i debian > "$root/apt/parts/$(basename "$file").list" || true
done
if [ -e /etc/apt/sources.list.d/debian.sources ]; then
  sed 's/^Types:.*/Types: deb-src/' /etc/apt/sources.list.d/debian.sources \
    > "$root/apt/parts/debian.sources"
fi
options=(-o Dir::Etc::SourceList=/dev/null -o "Dir::Etc::SourceParts=$root/apt/parts"
  -o "Dir::State::Lists=$root/apt/lists")
apt-get "${options[@]}" update -qq
(cd "$root" && apt-get "${options[@]}" source -qq --download-only onetbb 2>/dev/null)
mkdir "$root/source"
tar -xf "$root"/onetbb_*.orig.tar.* -C "$root/source" --strip-components 1

echo "== Building oneTBB with ThreadSanitizer"
cmake -S "$root/source" -B "$root/build" -G Ninja -DCMAKE_BUILD_TYPE=RelWithDebInfo \
  -DCMAKE_INSTALL_PREFIX="$root/install" -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
  -DTBB_TEST=OFF -DTBB_STRICT=OFF -DTBBMALLOC_BUILD=OFF \
  -DCMAKE_CXX_FLAGS="-fsanitize=thread -Wno-tsan" >/dev/null
cmake --build "$root/build" --target install -- --quiet >/dev/null
touch "$root/install/done"
