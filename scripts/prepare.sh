# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What demo.sh, test.sh and action.sh begin with: packages of npm and the compiled program. Sourced, with the repository as
# the current directory.

# The dependencies, when they are not those of the lock file.
prepare_node_modules() {
  local stamp=node_modules/.package-lock.json
  if [ -f "$stamp" ] && [ ! package-lock.json -nt "$stamp" ]; then return; fi
  echo "installing the npm packages of package-lock.json into node_modules"
  npm ci --no-audit --no-fund --loglevel=error
  touch "$stamp"
}

# dist/ and native/bin/.
prepare_program() {
  echo "compiling TypeScript (dist/) and the native helper (native/bin/)"
  npm run --silent build:ts
  make -s -C native
}
