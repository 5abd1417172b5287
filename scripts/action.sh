#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# action.sh: the one step of action.yml. Makes the runner ready, builds, and writes the step's outputs. Inputs are INPUT_* variables; the
# rest of its world is what a runner gives every step (GITHUB_ACTION_PATH, GITHUB_WORKSPACE, GITHUB_OUTPUT, GITHUB_STEP_SUMMARY, RUNNER_TEMP), and
# ACTIONS_* variables, which say where its cache service is.

set -euo pipefail
# Only the build is to have the token of the cache service: programs that make the runner ready do not get it.
export -n ACTIONS_RUNTIME_TOKEN
action=${GITHUB_ACTION_PATH:?} workspace=${GITHUB_WORKSPACE:?} temporary=${RUNNER_TEMP:?}

fail() {
  # A workflow command ends at a newline; what follows one must not become another command.
  printf '::error title=tsbuild::%s\n' "$(printf %s "$*" | tr '\r\n' '  ')"
  exit 1
}

# The runner: packages, the program, and user namespaces, which Ubuntu 24.04 takes from programs that it does not know.
cd "$action"
echo "::group::tsbuild: preparing the runner"
bash scripts/setup.sh build
# shellcheck source=scripts/prepare.sh
. scripts/prepare.sh
if [ ! -f dist/cli/main.js ] || [ ! -x native/bin/tsbuild-helper ]; then
  prepare_node_modules
  prepare_program
fi
restriction=/proc/sys/kernel/apparmor_restrict_unprivileged_userns
if [ "$(id -u)" != 0 ] && [ "$(cat "$restriction" 2> /dev/null)" = 1 ]; then
  echo "allowing user namespaces on this runner (sysctl kernel.apparmor_restrict_unprivileged_userns=0)"
  sudo -n sysctl -q -w kernel.apparmor_restrict_unprivileged_userns=0 || fail "this runner allows no user namespaces"
fi
echo "::endgroup::"

cd "$workspace"
arguments=()
# each FLAG TEXT: the flag for every line of the text that is not blank.
each() {
  local line
  while IFS= read -r line || [ -n "$line" ]; do
    line=${line%$'\r'}
    [[ $line =~ ^[[:space:]]*$ ]] || arguments+=("$1=$line")
  done <<< "$2"
}
[ -z "${INPUT_FILE:-}" ] || arguments+=("--file=$INPUT_FILE")
[ -z "${INPUT_TARGET:-}" ] || arguments+=("--target=$INPUT_TARGET")
each --tag "${INPUT_TAGS:-}"
each --build-arg "${INPUT_BUILD_ARGS:-}"
each --label "${INPUT_LABELS:-}"
each --platform "${INPUT_PLATFORMS:-}"
[ -z "${INPUT_PROVENANCE:-}" ] || arguments+=("--provenance=$INPUT_PROVENANCE")
each --cache-from "${INPUT_CACHE_FROM:-}"
each --cache-to "${INPUT_CACHE_TO:-}"
output=${INPUT_OUTPUT:-type=oci,dest=$workspace/image.tar}
arguments+=("--output=$output")

export TSBUILD_ROOT=${INPUT_CACHE_DIR:-$temporary/tsbuild}
mkdir -p "$TSBUILD_ROOT"
metadata=$(mktemp "$temporary/tsbuild-metadata.XXXXXX")
trap 'rm -f "$metadata"' EXIT
# What a build prints may look like a workflow command; the token that starts them again is known to this step only.
token=tsbuild-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$token"
export ACTIONS_RUNTIME_TOKEN
status=0
node "$action/dist/cli/main.js" build --progress=plain --metadata-file="$metadata" "${arguments[@]}" -- "${INPUT_CONTEXT:-.}" || status=$?
echo "::$token::"
[ "$status" = 0 ] || fail "the build failed (exit code $status)"

# out NAME VALUE: an output of the step; a value of several lines cannot end its own delimiter.
out() { printf '%s<<%s\n%s\n%s\n' "$1" "$token" "$2" "$token" >> "${GITHUB_OUTPUT:?}"; }
field() { node -p 'JSON.parse(require("fs").readFileSync(process.argv[1]))[process.argv[2]] ?? ""' "$metadata" "$1"; }
digest=$(field containerimage.digest)
imageid=$(field containerimage.config.digest)
tarball=
case ,$output, in
  *,tar=false,*) ;;
  *,type=oci,* | *,type=docker,* | *,type=tar,*)
    tarball=$(printf '%s' "$output" | tr ',' '\n' | sed -n 's/^dest=//p' | head -n 1)
    if [ "$tarball" = - ]; then tarball=; fi
    case $tarball in '' | /*) ;; *) tarball=$workspace/$tarball ;; esac
    ;;
esac
out digest "$digest"
out imageid "$imageid"
out tarball "$tarball"
if [ -n "${GITHUB_STEP_SUMMARY:-}" ]; then
  {
    echo "### tsbuild"
    echo
    echo "| | |"
    echo "| --- | --- |"
    echo "| digest | \`$digest\` |"
    echo "| image id | \`$imageid\` |"
    [ -z "$tarball" ] || echo "| archive | \`${tarball//[\`|]/}\` ($(wc -c < "$tarball") bytes) |"
  } >> "$GITHUB_STEP_SUMMARY"
fi
