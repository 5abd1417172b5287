// SPDX-License-Identifier: Apache-2.0
// ENV and ARG of one stage: what is in force where, and what a RUN sees. ENV always wins over an ARG of the same name.

import type { Scope } from "../dockerfile/index.js";

/** Proxy settings reach RUN without a declaration, and neither keys nor history. */
const proxyNames = ["http_proxy", "https_proxy", "ftp_proxy", "no_proxy", "all_proxy"];

/** True for `http_proxy` and its kind, in lower or upper case. */
export function isProxyName(name: string): boolean {
  return (
    proxyNames.includes(name.toLowerCase()) &&
    (name === name.toLowerCase() || name === name.toUpperCase())
  );
}

export const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** The variables of a stage while its instructions are planned. */
export class Variables implements Scope {
  /** Undefined: declared, but without a value. */
  readonly args: Map<string, string | undefined>;
  #env: readonly string[];
  #byName: ReadonlyMap<string, string>;

  constructor(env: readonly string[], args: Iterable<readonly [string, string | undefined]>) {
    this.#env = env;
    this.#byName = new Map(env.map(splitVariable));
    this.args = new Map(args);
  }

  /** `NAME=value` in order of first appearance. */
  get env(): readonly string[] {
    return this.#env;
  }

  get(name: string): string | undefined {
    return this.#byName.get(name) ?? this.args.get(name);
  }

  names(): Iterable<string> {
    return [...this.#byName.keys(), ...this.args.keys()];
  }

  /** A name that is known, with or without a value. */
  declared(name: string): boolean {
    return this.args.has(name) || this.#byName.has(name);
  }

  /** The environment with `name` set: in its old place if it had one. */
  setEnv(name: string, value: string): void {
    const line = `${name}=${value}`;
    const at = this.#env.findIndex((entry) => splitVariable(entry)[0] === name);
    this.#env =
      at < 0 ? [...this.#env, line] : this.#env.map((entry, i) => (i === at ? line : entry));
    this.#byName = new Map(this.#byName).set(name, value);
  }

  /** What the command of a RUN sees: ENV, and every ARG that has a value and no ENV over it. */
  runEnv(): string[] {
    const args = [...this.args].flatMap(([name, value]) =>
      value === undefined || this.#byName.has(name) ? [] : [`${name}=${value}`],
    );
    return [...this.#env, ...args];
  }

  /** The `|N a=b c=d` of a RUN's history line, with the values that the command sees; empty without ARGs. */
  historyArgs(): string {
    if (this.args.size === 0) return "";
    const shown = [...this.args.keys()].map((name) => `${name}=${this.get(name) ?? ""}`);
    return `|${shown.length} ${shown.join(" ")} `;
  }
}

function splitVariable(line: string): readonly [string, string] {
  const at = line.indexOf("=");
  return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
}
