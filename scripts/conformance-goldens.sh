#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# conformance-goldens.sh [--all] [--peer buildkit|buildah|ours]... [GROUP...]: builds the cases of test/conformance with the peers that
# are installed and with tsbuild, and writes test/conformance/goldens. Ends with 1 when tsbuild differs from a peer without a reason.
# TSBUILD_CONFORMANCE_BUILDX (default: docker buildx) and TSBUILD_CONFORMANCE_BUILDAH (default: buildah) are the peers' commands; the
# first must be able to write `type=oci`. Run as root: some cases have owners and attributes that only root can give.

set -euo pipefail
cd "$(dirname "$0")/.."
# shellcheck source=scripts/prepare.sh
. scripts/prepare.sh
prepare_node_modules
prepare_program
npm run --silent build:test
bash fixtures/images/make.sh busybox > /dev/null
exec node build/test/conformance/regenerate.js "$@"
