#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# action.sh: the one step of action.yml. Makes the runner ready, and hands over to src/cli/action. Inputs are INPUT_* variables; the
# rest of its world is what a runner gives every step (GITHUB_ACTION_PATH, GITHUB_WORKSPACE, GITHUB_OUTPUT, GITHUB_STEP_SUMMARY, RUNNER_TEMP), and
# ACTIONS_* variables, which say where its cache service is.

set -euo pipefail
# Only the build is to have secrets and tokens: programs that make the runner ready do not get them.
secret=(ACTIONS_RUNTIME_TOKEN INPUT_SECRETS INPUT_GITHUB_TOKEN)
export -n "${secret[@]}"

# Packages, the program, and user namespaces, which Ubuntu 24.04 takes from programs that it does not know.
cd "${GITHUB_ACTION_PATH:?}"
echo "::group::tsbuild: preparing the runner"
bash scripts/setup.sh build
# shellcheck source=scripts/prepare.sh
. scripts/prepare.sh
if [ ! -f dist/cli/main.cjs ] || [ ! -x native/bin/tsbuild-helper ]; then
  prepare_node_modules
  prepare_program
fi
restriction=/proc/sys/kernel/apparmor_restrict_unprivileged_userns
if [ "$(id -u)" != 0 ] && [ "$(cat "$restriction" 2> /dev/null)" = 1 ]; then
  echo "allowing user namespaces on this runner (sysctl kernel.apparmor_restrict_unprivileged_userns=0)"
  if ! sudo -n sysctl -q -w kernel.apparmor_restrict_unprivileged_userns=0; then
    echo "::error title=tsbuild::this runner allows no user namespaces"
    exit 1
  fi
fi
echo "::endgroup::"

export "${secret[@]}"
exec node dist/cli/action/main.js
