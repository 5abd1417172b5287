// SPDX-License-Identifier: Apache-2.0
import { Option } from "commander";

/** A flag that may be repeated; its value is the list of what was given. */
export function list(flags: string, description: string): Option {
  return new Option(flags, description)
    .default([] as string[], "none")
    .argParser((value: string, before: readonly string[]) => [...before, value]);
}
