#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# vm-cgroup2-guest.sh: what vm-cgroup2.sh has done inside of the machine, as root. Ends with "all passed", or without it.

set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root TMPDIR=/var/tmp TSBUILD_TEST_COUNTS=/dev/null
failed=0

ip link set dev "$(basename "$(dirname /sys/class/net/*/device)")" up
ip address add 10.0.2.15/24 dev "$(basename "$(dirname /sys/class/net/*/device)")"
ip route add default via 10.0.2.2

# tests WHO COMMAND...: the command is a prefix for a shell.
tests() {
  echo "== $1: $2"
  local files
  files=$(printf 'build/test/integration/%s.test.js ' $2)
  shift 2
  "$@" bash -c "node --import ./build/test/support/strict.js --test --test-reporter ./build/test/support/reporter.js \
    --test-reporter-destination stdout $files" || failed=1
}
as_user() {
  setpriv --reuid user --regid user --init-groups env HOME=/home/user "XDG_RUNTIME_DIR=/run/user/$(id -u user)" "$@"
}

uname -r
tests "root" "cgroup2 sandbox-run sandbox-mounts confinement"
until [ -S "/run/user/$(id -u user)/bus" ]; do sleep 1; done
tests "user, in a delegated group" "cgroup2 sandbox-run sandbox-mounts confinement" \
  as_user systemd-run --user --scope --quiet -p Delegate=yes
tests "user, in a group of root's" "cgroup2" as_user
left=$(find /sys/fs/cgroup -name 'tsbuild-*' -type d)
if [ -n "$left" ]; then
  echo "control groups are left: $left"
  failed=1
fi
[ "$failed" != 0 ] || echo "all passed"
