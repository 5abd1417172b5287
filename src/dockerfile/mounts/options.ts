// SPDX-License-Identifier: Apache-2.0
// The options of one mount after expansion, under their canonical names, and typed access to them for the mount types.

import { parseBoolean } from "../../base/index.js";
import { parseUnsigned } from "../values/numbers.js";

/** Option name to canonical name. Relabelling, which Buildah asks for with `z`, is nothing without SELinux: it is read over. */
export const optionNames: Readonly<Record<string, string>> = {
  type: "type",
  from: "from",
  source: "source",
  src: "source",
  target: "target",
  dst: "target",
  destination: "target",
  readonly: "readonly",
  ro: "readonly",
  readwrite: "readwrite",
  rw: "readwrite",
  id: "id",
  sharing: "sharing",
  required: "required",
  size: "size",
  mode: "mode",
  uid: "uid",
  gid: "gid",
  env: "env",
  z: "relabel",
};

/** Options that may stand without a value. */
export const bareOptions: readonly string[] = ["readonly", "readwrite", "required", "relabel"];

/** Reads options; `fail` throws at the flag. */
export class MountOptions {
  readonly #values: ReadonlyMap<string, string>;
  readonly #readOnly: boolean | undefined;
  readonly fail: (message: string, hint?: string) => never;

  constructor(
    values: ReadonlyMap<string, string>,
    readOnly: boolean | undefined,
    fail: (message: string, hint?: string) => never,
  ) {
    this.#values = values;
    this.#readOnly = readOnly;
    this.fail = fail;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  /** The value, or undefined when it was not given or is empty. */
  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return value === "" ? undefined : value;
  }

  /** The value, also when empty. */
  given(name: string): string | undefined {
    return this.#values.get(name);
  }

  /** What the last of readonly and readwrite said. */
  readOnly(otherwise: boolean): boolean {
    return this.#readOnly ?? otherwise;
  }

  boolean(name: string, otherwise: boolean): boolean {
    const value = this.#values.get(name);
    if (value === undefined) return otherwise;
    return parseBoolean(value) ?? this.fail(`invalid value for ${name}: ${value}`);
  }

  /** `mode` in octal, `uid` and `gid` in decimal. */
  number(name: "mode" | "uid" | "gid", otherwise: number): number {
    const value = this.#values.get(name);
    if (value === undefined) return otherwise;
    const parsed = parseUnsigned(value, name === "mode" ? 8 : 10);
    return parsed ?? this.fail(`invalid value ${value} for ${name}`);
  }
}
