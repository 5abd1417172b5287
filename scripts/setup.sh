#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# setup.sh [build|test] [--dry-run]: installs what is missing of the Debian or Ubuntu packages that tsbuild needs, and says what each
# is for. `build` (default): to compile and use tsbuild. `test`: for the whole test suite too. Works as root, through sudo, and as
# anyone when nothing is missing. Fails only when something that cannot be done without stays missing.

set -euo pipefail
export LC_ALL=C

level=build dry=
for argument; do
  case $argument in
    build | test) level=$argument ;;
    --dry-run) dry=yes ;;
    *)
      echo "usage: setup.sh [build|test] [--dry-run]" >&2
      exit 2
      ;;
  esac
done
say() { printf 'setup: %s\n' "$*"; }

# Package, whether it must be there (must) or only makes more possible (may), from which level on, and why.
packages() {
  cat << 'LIST'
build-essential   must build  a C compiler and make, for the native helper
libc6-dev         must build  the C library's headers and static archive, for the native helper
libdeflate-dev    may  build  fast compression of layers
libzstd-dev       may  build  compression=zstd
uidmap            may  build  newuidmap and newgidmap: builds without root, with files of many owners
passt             may  build  a network of its own for each RUN
fuse-overlayfs    may  build  layers as an ordinary user where the kernel's overlayfs does not allow it
git               may  build  contexts and ADD from git
debootstrap       must test   the Debian base image of the tests
busybox-static    must test   the busybox base image of the tests and of the demonstration
util-linux        must test   unshare and setpriv
tar               must test   archives as test input
xz-utils          must test   archives as test input
bzip2             must test   archives as test input
zstd              must test   archives as test input
libcap2-bin       must test   files with capabilities as test input
attr              must test   files with extended attributes as test input
skopeo            may  test   reads the images that tsbuild writes, to compare
umoci             may  test   unpacks the images that tsbuild writes, to compare
crun              may  test   runs the images that tsbuild builds
runc              may  test   runs the images that tsbuild builds
zsh               may  test   evaluates the completions for it
fish              may  test   evaluates the completions for it
LIST
}

installed() { dpkg-query -W -f '${db:Status-Status}' "$1" 2> /dev/null | grep -qx installed; }
available() { [ -n "$(apt-cache --quiet=0 madison "$1" 2> /dev/null)" ]; }

if ! command -v node > /dev/null || ! node -e '
  const [major, minor] = process.versions.node.split(".").map(Number);
  process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)'; then
  say "Node.js 20.19 or newer is needed; this machine has $(node --version 2> /dev/null || echo none)."
  say "Get it from https://nodejs.org or your distribution, then run this again."
  exit 1
fi
if ! command -v apt-get > /dev/null; then
  say "only Debian and Ubuntu are known here. These packages, by their names there, are wanted:"
  packages
  exit 1
fi

missing=() reasons=()
while read -r name need from why; do
  if [ "$level" = build ] && [ "$from" = test ]; then continue; fi
  if installed "$name"; then continue; fi
  missing+=("$name:$need")
  reasons+=("$name ($why)")
done < <(packages)
if [ ${#missing[@]} -eq 0 ]; then
  say "every package is there."
  exit 0
fi
say "these packages are missing:"
printf '  %s\n' "${reasons[@]}"
[ -z "$dry" ] || exit 0

if [ "$(id -u)" = 0 ]; then
  elevated=()
elif sudo -n true 2> /dev/null || { [ -t 0 ] && command -v sudo > /dev/null; }; then
  elevated=(sudo)
else
  elevated=(none)
fi
if [ "${elevated[0]:-}" != none ]; then
  say "installing them with apt-get${elevated[0]:+ through ${elevated[0]}}"
  # Lists that are missing or old are fetched; a mirror that fails is no reason to stop when the lists at hand will do.
  "${elevated[@]}" apt-get update -qq || say "apt-get update failed; going on with the lists that are here"
  wanted=()
  for entry in "${missing[@]}"; do
    if available "${entry%:*}"; then wanted+=("${entry%:*}"); else say "no package ${entry%:*} in this distribution"; fi
  done
  if [ ${#wanted[@]} -gt 0 ]; then
    "${elevated[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${wanted[@]}" > /dev/null \
      || say "apt-get install failed"
  fi
fi

lost=() fatal=
for entry in "${missing[@]}"; do
  if installed "${entry%:*}"; then continue; fi
  lost+=("${entry%:*}")
  if [ "${entry#*:}" = must ]; then fatal=yes; fi
done
if [ ${#lost[@]} -gt 0 ]; then
  say "still missing: ${lost[*]}"
  if [ "${elevated[0]:-}" = none ]; then
    say "as an administrator: apt-get install --no-install-recommends ${lost[*]}"
  fi
fi
# A compiler from elsewhere will do.
if [ -n "$fatal" ] && [ "$level" = build ] && command -v cc > /dev/null && command -v make > /dev/null; then fatal=; fi
[ -z "$fatal" ] || exit 1
say "ready."
