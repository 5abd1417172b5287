#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# native.sh [SECONDS] [SEED]: coverage-guided fuzzing of what the native helper decodes: requests, and the stream of entries. Installs
# clang and its libFuzzer when they are missing (as root). What was learnt stays in .cache/fuzz; a crash is kept there, too.

set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1:-60} seed=${2:-$RANDOM}
clang=$(command -v clang clang-14 clang-15 clang-16 clang-17 clang-18 clang-19 | head -n 1 || true)
if [ -z "$clang" ]; then
  apt-get install -y -qq --no-install-recommends clang-14 libclang-rt-14-dev > /dev/null
  clang=$(command -v clang-14)
fi
make -s -C native fuzz CLANG="$clang"
echo "native: $seconds seconds for each decoder, seed $seed"
for target in request entries; do
  corpus=.cache/fuzz/$target
  mkdir -p "$corpus" ".cache/fuzz/crashes"
  if [ $target = request ]; then
    cp fixtures/protocol/*.bin "$corpus/"
  else
    # A directory `a` with an attribute, as one frame; a file of three bytes; the end mark.
    node -e '
      const entry = (type, size, xattrs) => Buffer.concat([
        Buffer.from(type), Buffer.from([0xed, 1, 0, 0]), Buffer.alloc(8), Buffer.from([size]), Buffer.alloc(59),
        Buffer.from([1, 0, 0, 0, 0, 0, 0, 0, xattrs, 0, 0, 0]), Buffer.from("a\0\0"),
        ...(xattrs ? [Buffer.from([1, 0, 0, 0, 6, 0, 0, 0]), Buffer.from("user.a\0v")] : [])]);
      const frame = (payload) => Buffer.concat([Buffer.from([payload.length, 0, 0, 0]), payload]);
      process.stdout.write(Buffer.concat([frame(entry("d", 0, 1)), frame(entry("f", 3, 0)), Buffer.from("xyz"), frame(Buffer.from("z"))]));
    ' > "$corpus/seed"
  fi
  ASAN_OPTIONS=detect_leaks=0 "native/bin/fuzz-$target" -max_total_time="$seconds" -seed="$seed" -rss_limit_mb=1024 \
    -max_len=4096 -print_final_stats=1 -artifact_prefix=".cache/fuzz/crashes/$target-" "$corpus" 2>&1 \
    | grep -E "ERROR|SUMMARY|stat::number_of_executed|cov:.*DONE|runtime error" || { echo "native: $target failed" >&2; exit 1; }
  if compgen -G ".cache/fuzz/crashes/$target-*" > /dev/null; then
    echo "native: inputs that crash $target are in .cache/fuzz/crashes" >&2
    exit 1
  fi
done
