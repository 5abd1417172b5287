// SPDX-License-Identifier: Apache-2.0
// ENV and ARG of one stage: what is in force where, and what a RUN sees. ENV always wins over an ARG of the same name.

import { parseBoolean } from "../base/index.js";
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

/** ARGs that say what an SBOM's scanner is given. No command and no expansion sees them. */
const scanNames = { context: "BUILDKIT_SBOM_SCAN_CONTEXT", stage: "BUILDKIT_SBOM_SCAN_STAGE" };

/** `true`, `false`, or the names of stages, separated by commas. Undefined: no. */
export function scanned(
  what: keyof typeof scanNames,
  stageName: string,
  variables: Variables,
  globals: ReadonlyMap<string, string>,
): boolean {
  const name = scanNames[what];
  const value = variables.arg(name) ?? globals.get(name) ?? "false";
  return parseBoolean(value) ?? value.split(",").includes(stageName);
}

function isSeen(name: string): boolean {
  return name !== scanNames.context && name !== scanNames.stage;
}

export const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * The variables of a stage while its instructions are planned. What a stage has from the one it continues is looked up there
 * and never copied: thousands of stages, each on the one before, would otherwise cost the square of their number.
 */
export class Variables implements Scope {
  readonly #below: Variables | undefined;
  /** Name to `NAME=value`. */
  readonly #env = new Map<string, string>();
  /** Undefined: declared, but without a value. */
  readonly #args = new Map<string, string | undefined>();

  /** `below` must not change any more. */
  constructor(env: readonly string[], below?: Variables) {
    this.#below = below;
    for (const line of env) this.#env.set(nameOf(line), line);
  }

  /** `NAME=value` in order of first appearance. */
  get env(): readonly string[] {
    return [...this.#all((layer) => layer.#env).values()];
  }

  /** All ARGs in order of first appearance. */
  get #allArgs(): ReadonlyMap<string, string | undefined> {
    return this.#all((layer) => layer.#args);
  }

  get(name: string): string | undefined {
    const line = this.#find(name, (layer) => layer.#env);
    if (line !== undefined) return line.slice(nameOf(line).length + 1);
    return isSeen(name) ? this.arg(name) : undefined;
  }

  /** The value of an ARG, whether or not there is an ENV over it. */
  arg(name: string): string | undefined {
    return this.#find(name, (layer) => layer.#args);
  }

  names(): Iterable<string> {
    return [...this.#all((layer) => layer.#env).keys(), ...this.#allArgs.keys()];
  }

  /** A name that is known, with or without a value. */
  declared(name: string): boolean {
    const has = (layer: Variables): boolean => layer.#env.has(name) || layer.#args.has(name);
    if (has(this)) return true;
    for (let layer = this.#below; layer !== undefined; layer = layer.#below)
      if (has(layer)) return true;
    return false;
  }

  /** The environment with `name` set: in its old place if it had one. */
  setEnv(name: string, value: string): void {
    this.#env.set(name, `${name}=${value}`);
  }

  /** Declares an ARG; undefined: without a value, which takes none away that it has from above. */
  setArg(name: string, value: string | undefined): void {
    if (value === undefined && this.arg(name) !== undefined) return;
    this.#args.set(name, value);
  }

  /** What the command of a RUN sees: ENV, and every ARG that has a value and no ENV over it. */
  runEnv(): string[] {
    const env = this.#all((layer) => layer.#env);
    const args = [...this.#allArgs].flatMap(([name, value]) =>
      value === undefined || env.has(name) || !isSeen(name) ? [] : [`${name}=${value}`],
    );
    return [...env.values(), ...args];
  }

  /** The `|N a=b c=d` of a RUN's history line, with the values that the command sees; empty without ARGs. */
  historyArgs(): string {
    const args = this.#allArgs;
    if (args.size === 0) return "";
    const shown = [...args].map(([name, value]) => `${name}=${this.get(name) ?? value ?? ""}`);
    return `|${shown.length} ${shown.join(" ")} `;
  }

  #find<T>(name: string, of: (layer: Variables) => ReadonlyMap<string, T>): T | undefined {
    const own = of(this);
    if (own.has(name)) return own.get(name);
    for (let layer = this.#below; layer !== undefined; layer = layer.#below) {
      const values = of(layer);
      if (values.has(name)) return values.get(name);
    }
    return undefined;
  }

  #all<T>(of: (layer: Variables) => ReadonlyMap<string, T>): Map<string, T> {
    const all = new Map<string, T>();
    const layers: Variables[] = [this];
    for (let layer = this.#below; layer !== undefined; layer = layer.#below) layers.push(layer);
    for (const layer of layers.reverse())
      for (const [name, value] of of(layer)) all.set(name, value);
    return all;
  }
}

function nameOf(line: string): string {
  return line.split("=", 1)[0] ?? "";
}
