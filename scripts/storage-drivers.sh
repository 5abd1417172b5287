#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# storage-drivers.sh [DRIVER...]: the conformance cases and the tests of steps with each storage driver (default: copy and
# fuse-overlayfs; overlay is what `npm test` runs with). Takes about five minutes a driver. test/support/drivers.ts lists where a
# driver cannot have overlayfs' result, and why.

set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
# shellcheck source=scripts/prepare.sh
. scripts/prepare.sh
prepare_node_modules
prepare_program
npm run --silent build:test
bash fixtures/images/make.sh busybox > /dev/null
failed=0
for driver in "${@:-copy fuse-overlayfs}"; do
  for name in $driver; do
    echo "== $name"
    TSBUILD_STORAGE_DRIVER=$name node --import ./build/test/support/strict.js --test \
      --test-reporter ./build/test/support/reporter.js --test-reporter-destination stdout \
      build/test/conformance/conformance.test.js build/test/integration/{snapshots,sandbox-run,security-steps}.test.js || failed=1
  done
done
exit "$failed"
