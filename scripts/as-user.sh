#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# as-user.sh COMMAND...: root runs the command as an ordinary user with subordinate ids, in this directory. The user is TSBUILD_TEST_USER,
# or else `tsbuild-test`, made when it is missing. The directory is mounted where the user can reach it (a clone below /root is not), in a
# mount namespace of its own, and stays read-only for the user as far as its modes say so.

set -euo pipefail
[ "$(id -u)" = 0 ] || exec "$@"
user=${TSBUILD_TEST_USER:-tsbuild-test}
if ! id "$user" > /dev/null 2>&1; then
  useradd --create-home --shell /bin/bash "$user"
fi
for kind in uid gid; do
  if ! grep -q "^$user:" "/etc/sub$kind"; then
    # After the highest range that is given out.
    start=$(awk -F: 'BEGIN { top = 100000 } $2 + $3 > top { top = $2 + $3 } END { print top }' "/etc/sub$kind")
    usermod "--add-sub${kind}s" "$start-$((start + 65535))" "$user"
  fi
done
repository=$PWD
images=${TSBUILD_TEST_IMAGES:-$repository/.cache/images}
home=$(getent passwd "$user" | cut -d: -f6)
stage=$(mktemp -d /tmp/tsbuild-user.XXXXXX)
chmod 755 "$stage"
mkdir "$stage/repository" "$stage/images" "$stage/tmp"
chown "$user" "$stage/tmp"
trap 'rm -rf --one-file-system "$stage"' EXIT
# The command's last process ends before the trap runs; its mounts end with the namespace.
# shellcheck disable=SC2016 # expanded by the inner shell
unshare --mount --propagation private bash -c '
  set -eu
  stage=$1 repository=$2 images=$3 user=$4 home=$5
  shift 5
  mount --bind "$repository" "$stage/repository"
  [ ! -d "$images" ] || mount --bind "$images" "$stage/images"
  cd "$stage/repository"
  exec setpriv --reuid "$user" --regid "$(id -g "$user")" --init-groups --inh-caps=-all --reset-env \
    env "HOME=$home" "TMPDIR=$stage/tmp" "TSBUILD_TEST_IMAGES=$stage/images" "PATH=$PATH" \
    "TSBUILD_TEST_COUNTS=${TSBUILD_TEST_COUNTS:-/dev/null}" "$@"
' bash "$stage" "$repository" "$images" "$user" "$home" "$@"
