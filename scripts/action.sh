#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# action.sh: the one step of action.yml. Makes the runner ready, builds, and writes the step's outputs. Inputs are INPUT_* variables; the
# rest of its world is what a runner gives every step (GITHUB_ACTION_PATH, GITHUB_WORKSPACE, GITHUB_OUTPUT, GITHUB_STEP_SUMMARY, RUNNER_TEMP), and
# ACTIONS_* variables, which say where its cache service is.

set -euo pipefail
# Only the build is to have secrets and the token of the cache service: programs that make the runner ready do not get them.
export -n ACTIONS_RUNTIME_TOKEN INPUT_SECRETS
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
# list FLAG TEXT: the same for a text that may have commas between its items, too.
list() { each "$1" "$(tr ',' '\n' <<< "$2" | sed 's/^[[:space:]]*//; s/[[:space:]]*$//')"; }
# single FLAG TEXT: the flag, unless the text is empty.
single() { [ -z "$2" ] || arguments+=("$1=$2"); }
# truth FLAG TEXT: the flag, if the text says so.
truth() {
  case $2 in
    true) arguments+=("$1") ;;
    '' | false) ;;
    *) fail "$1: expected true or false, got $2" ;;
  esac
}
single --file "${INPUT_FILE:-}"
single --target "${INPUT_TARGET:-}"
list --tag "${INPUT_TAGS:-}"
each --build-arg "${INPUT_BUILD_ARGS:-}"
each --label "${INPUT_LABELS:-}"
each --annotation "${INPUT_ANNOTATIONS:-}"
each --build-context "${INPUT_BUILD_CONTEXTS:-}"
list --platform "${INPUT_PLATFORMS:-}"
single --provenance "${INPUT_PROVENANCE:-}"
single --sbom "${INPUT_SBOM:-}"
each --attest "${INPUT_ATTESTS:-}"
truth --pull "${INPUT_PULL:-}"
truth --no-cache "${INPUT_NO_CACHE:-}"
list --no-cache-filter "${INPUT_NO_CACHE_FILTERS:-}"
each --ssh "${INPUT_SSH:-}"
single --network "${INPUT_NETWORK:-}"
list --add-host "${INPUT_ADD_HOSTS:-}"
list --allow "${INPUT_ALLOW:-}"
single --shm-size "${INPUT_SHM_SIZE:-}"
list --ulimit "${INPUT_ULIMIT:-}"
each --cache-from "${INPUT_CACHE_FROM:-}"
each --cache-to "${INPUT_CACHE_TO:-}"
truth --push "${INPUT_PUSH:-}"
truth --load "${INPUT_LOAD:-}"
output=${INPUT_OUTPUT:-}
if [ -z "$output" ] && [ "${INPUT_PUSH:-}" != true ] && [ "${INPUT_LOAD:-}" != true ]; then
  output=type=oci,dest=$workspace/image.tar
fi
each --output "$output"

# secret KEY LINE: `ID=WHERE` as --secret id=ID,KEY=WHERE.
secret() {
  [[ $2 =~ ^([A-Za-z0-9_./-]+)=([^,\"]+)$ ]] || fail "a secret is ID=VALUE, ID=VARIABLE or ID=PATH, without commas and quotes"
  arguments+=("--secret=id=${BASH_REMATCH[1]},$1=${BASH_REMATCH[2]}")
}
# What is secret goes through the environment: everybody can see arguments.
secrets=()
while IFS= read -r line || [ -n "$line" ]; do
  line=${line%$'\r'}
  [[ $line =~ ^[[:space:]]*$ ]] && continue
  name=TSBUILD_ACTION_SECRET_${#secrets[@]}
  secret env "${line%%=*}=$name"
  secrets+=("$name=${line#*=}")
done <<< "${INPUT_SECRETS:-}"
while IFS= read -r line; do
  [ -z "$line" ] || secret env "$line"
done <<< "${INPUT_SECRET_ENVS:-}"
while IFS= read -r line; do
  [ -z "$line" ] || secret src "$line"
done <<< "${INPUT_SECRET_FILES:-}"

export TSBUILD_ROOT=${INPUT_CACHE_DIR:-$temporary/tsbuild}
mkdir -p "$TSBUILD_ROOT"
metadata=$(mktemp "$temporary/tsbuild-metadata.XXXXXX")
trap 'rm -f "$metadata"' EXIT
# What a build prints may look like a workflow command; the token that starts them again is known to this step only.
token=tsbuild-$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
echo "::stop-commands::$token"
export ACTIONS_RUNTIME_TOKEN
status=0
[ ${#secrets[@]} = 0 ] || export "${secrets[@]}"
node "$action/dist/cli/main.js" build --progress=plain --metadata-file="$metadata" "${arguments[@]}" -- "${INPUT_CONTEXT:-.}" || status=$?
echo "::$token::"
[ ${#secrets[@]} = 0 ] || unset "${secrets[@]%%=*}"
[ "$status" = 0 ] || fail "the build failed (exit code $status)"

# out NAME VALUE: an output of the step; a value of several lines cannot end its own delimiter.
out() { printf '%s<<%s\n%s\n%s\n' "$1" "$token" "$2" "$token" >> "${GITHUB_OUTPUT:?}"; }
field() { node -p 'JSON.parse(require("fs").readFileSync(process.argv[1]))[process.argv[2]] ?? ""' "$metadata" "$1"; }
digest=$(field containerimage.digest)
imageid=$(field containerimage.config.digest)
tarball=
while IFS= read -r line; do
  case ,$line, in
    *,tar=false,*) ;;
    *,type=oci,* | *,type=docker,* | *,type=tar,*)
      tarball=$(printf '%s' "$line" | tr ',' '\n' | sed -n 's/^dest=//p' | head -n 1)
      case $tarball in
        -) tarball= ;;
        '' | /*) ;;
        *) tarball=$workspace/$tarball ;;
      esac
      ;;
  esac
  [ -z "$tarball" ] || break
done <<< "$output"
out digest "$digest"
out imageid "$imageid"
out tarball "$tarball"
out metadata "$(cat "$metadata")"
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
