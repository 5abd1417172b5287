#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# test.sh [LEG...]: the whole test suite, or the named legs of it, in the order below. `npm test` and .ci/run call it. Each leg can run
# alone. The last line counts: N passed, N failed, N skipped. A check without tests of its own (format, lint ...) counts as one.

set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=scripts/prepare.sh
. scripts/prepare.sh

all=(setup build format lint gen native sanitize analyze images unit architecture root rootless conformance examples pack)
legs=("$@")
if [ $# -eq 0 ]; then legs=("${all[@]}"); fi
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
export TSBUILD_TEST_COUNTS=$results/counts
: > "$TSBUILD_TEST_COUNTS"
chmod 1777 "$results" && chmod 666 "$TSBUILD_TEST_COUNTS"
failures=() skips=()

# check NAME COMMAND...: one check, silent when it passes.
check() {
  local name=$1
  shift
  if "$@" > "$results/log" 2>&1; then
    echo "1 0 0" >> "$TSBUILD_TEST_COUNTS"
  else
    echo "0 1 0" >> "$TSBUILD_TEST_COUNTS"
    failures+=("$name")
    echo "  FAILED   $name"
    sed 's/^/           /' "$results/log" | tail -n 200
  fi
}
skip() {
  echo "0 0 1" >> "$TSBUILD_TEST_COUNTS"
  skips+=("$1: $2")
  echo "  skipped  $1 ($2)"
}

# tests NAME FILES...: test files, as TypeScript sources, through node's runner. Node 20 takes no glob and Node 22 no directory, so
# the files are listed. A file mostly waits for processes of its own: as many run at once as there are processors, where Node would
# leave one alone. $as is a prefix for running as someone else.
as=()
tests() {
  local name=$1 file compiled=()
  shift
  for file; do compiled+=("build/${file%.ts}.js"); done
  if [ ${#compiled[@]} -eq 0 ]; then
    skip "$name" "there are no tests"
    return
  fi
  if ! "${as[@]}" "$(command -v node)" --import ./build/test/support/strict.js --test --test-concurrency="$(nproc)" \
    --test-reporter ./build/test/support/reporter.js --test-reporter-destination stdout "${compiled[@]}"; then
    failures+=("$name")
  fi
}
mapfile -t unit_files < <(find test/unit test/types -name '*.test.ts' 2> /dev/null | sort)
mapfile -t integration_files < <(find test/integration -name '*.test.ts' ! -name 'examples.test.ts' 2> /dev/null | sort)

leg_setup() {
  check "packages of the distribution" bash scripts/setup.sh test
  check "packages of npm" prepare_node_modules
}
leg_build() {
  check "native helper and program" npm run --silent build
  check "types of test" npm run --silent build:test
}
leg_format() { check "format" npm run --silent format; }
leg_lint() { check "lint" npm run --silent lint; }

# Generated files are in the repository; generating them again must change nothing.
generated_files="native/*.gen.h docs/protocol.md docs/errors.md"
leg_gen() {
  # shellcheck disable=SC2086 # the patterns are meant to expand
  sha256sum $generated_files > "$results/before"
  check "generators" npm run --silent gen
  check "generated files are up to date" sha256sum --check --quiet "$results/before"
}
leg_native() {
  check "native helper" make -s -C native
  check "native unit tests" make -s -C native test
}
leg_sanitize() { check "native helper with sanitizers" make -s -C native sanitize; }
leg_analyze() { check "static analysis of the native helper" make -s -C native analyze; }
leg_images() { check "base images" bash fixtures/images/make.sh busybox debian gcc node; }
leg_unit() { tests unit "${unit_files[@]}"; }
leg_architecture() { tests architecture test/architecture.test.ts; }

# The integration tests run twice: as root and as an ordinary user. Whoever runs this becomes the other one where the machine allows.
leg_root() {
  if [ "$(id -u)" = 0 ]; then
    tests "integration as root" "${integration_files[@]}"
  elif sudo -n true 2> /dev/null; then
    as=(sudo -n --preserve-env=TSBUILD_TEST_COUNTS,TSBUILD_TEST_IMAGES)
    tests "integration as root" "${integration_files[@]}"
    as=()
  else
    skip "integration as root" "this is not root, and sudo wants a password"
  fi
}
leg_rootless() {
  if [ "$(id -u)" != 0 ]; then
    tests "integration as an ordinary user" "${integration_files[@]}"
    return
  fi
  as=(bash scripts/as-user.sh)
  tests "integration as an ordinary user" "${integration_files[@]}"
  as=()
}
# Goldens are of root's builds; an ordinary user's must be the same.
leg_conformance() {
  tests "conformance" test/conformance/conformance.test.ts test/conformance/cache.test.ts
  if [ "$(id -u)" = 0 ]; then
    as=(bash scripts/as-user.sh)
    tests "conformance as an ordinary user" test/conformance/conformance.test.ts
    as=()
  fi
}
leg_examples() {
  tests "examples" test/integration/examples.test.ts
  if [ "$(id -u)" = 0 ]; then
    as=(bash scripts/as-user.sh)
    tests "examples as an ordinary user" test/integration/examples.test.ts
    as=()
  fi
}

# The integration tests with the helper under ASan and UBSan: twice the time, so it is asked for by name.
leg_sanitized() {
  check "native helper with sanitizers" make -s -C native sanitize
  export TSBUILD_HELPER=$PWD/native/bin/tsbuild-helper-sanitize
  tests "integration with sanitizers" "${integration_files[@]}"
  unset TSBUILD_HELPER
}

# What would be published compiles and builds.
pack_and_run() {
  local directory
  directory=$(mktemp -d "$results/pack.XXXXXX")
  npm pack --silent --pack-destination "$directory" > /dev/null
  tar -xzf "$directory"/tsbuild-*.tgz -C "$directory"
  ln -s "$PWD/node_modules" "$directory/package/node_modules"
  make -s -C "$directory/package/native"
  printf 'FROM scratch\nCOPY Dockerfile /\n' > "$directory/Dockerfile"
  TSBUILD_ROOT=$directory/store "$directory/package/dist/cli/main.cjs" -q -o "$directory/out" "$directory"
  cmp "$directory/Dockerfile" "$directory/out/Dockerfile"
}
leg_pack() { check "npm package" pack_and_run; }

for leg in "${legs[@]}"; do
  if ! declare -F "leg_$leg" > /dev/null; then
    echo "test.sh: there is no leg $leg (of: ${all[*]})" >&2
    exit 2
  fi
  echo "== $leg"
  started=$SECONDS
  "leg_$leg"
  echo "   $((SECONDS - started)) s"
done

echo
if [ ${#skips[@]} -gt 0 ]; then printf 'skipped: %s\n' "${skips[@]}"; fi
if [ ${#failures[@]} -gt 0 ]; then printf 'failed: %s\n' "${failures[@]}"; fi
awk '{ p += $1; f += $2; s += $3 } END { printf "%d passed, %d failed, %d skipped\n", p, f, s; exit f > 0 }' "$TSBUILD_TEST_COUNTS" \
  && [ ${#failures[@]} -eq 0 ]
