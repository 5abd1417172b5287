#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# demo.sh: from a fresh clone to a running image. Installs what is missing (and says what), compiles, makes the busybox base out of the
# distribution's package, builds examples/hello, shows the image and runs it. Everything goes into .cache/.

set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/prepare.sh
. scripts/prepare.sh

step() { printf '\n== %s\n' "$*"; }
tsbuild() { node dist/cli/main.cjs "$@"; }

step "what is needed"
bash scripts/setup.sh build
prepare_node_modules
prepare_program

step "the base image, from the package busybox-static"
base=$(bash fixtures/images/make.sh busybox)
echo "$base"

# The store of root and that of a user hold files of different owners.
TSBUILD_ROOT=$PWD/.cache/demo-$(id -u)
export TSBUILD_ROOT
step "tsbuild -t hello examples/hello"
tsbuild -t hello --progress plain --build-context "busybox=oci-layout://$base" --metadata-file .cache/demo.json examples/hello

step "the image"
node -e '
  const { readFileSync } = require("node:fs");
  const [metadata, root] = process.argv.slice(1);
  const blob = (digest) => JSON.parse(readFileSync(`${root}/oci/blobs/${digest.replace(":", "/")}`));
  const digest = JSON.parse(readFileSync(metadata))["containerimage.digest"];
  const manifest = blob(digest);
  console.log(`digest  ${digest}`);
  for (const layer of manifest.layers) console.log(`layer   ${layer.digest}  ${layer.size} bytes`);
' .cache/demo.json "$TSBUILD_ROOT"

step "what it prints"
if tsbuild help run > /dev/null 2>&1; then
  tsbuild run hello
else
  rootfs=$(mktemp -d)
  trap 'rm -rf "$rootfs"' EXIT
  tsbuild -q --build-context "busybox=oci-layout://$base" -o "type=local,dest=$rootfs" examples/hello > /dev/null
  if [ "$(id -u)" = 0 ]; then
    chroot "$rootfs" /bin/cat /hello.txt
  else
    unshare --map-root-user chroot "$rootfs" /bin/cat /hello.txt
  fi
fi
