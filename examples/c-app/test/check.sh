#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# check.sh PROGRAM: holds the program to its behaviour.
set -eu
expect() {
	actual=$(printf "$1" | "$program" ${2:-})
	[ "$actual" = "$3" ] || {
		printf 'expected:\n%s\nactual:\n%s\n' "$3" "$actual" >&2
		exit 1
	}
}
program=$1
expect 'b a, B. c!a b' '' '3 b
2 a
1 c'
expect 'x y x' 1 '2 x'
expect '' '' ''
if "$program" nonsense < /dev/null 2> /dev/null; then exit 1; fi
echo "tally: all checks passed"
