// SPDX-License-Identifier: Apache-2.0
// The registries file: which mirrors, schemes and certificates belong to which host. docs/registries.md describes it.

import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { parse as parseToml } from "smol-toml";
import { TsbuildError, defined, didYouMean, errnoOf, isRecord, messageOf } from "../base/index.js";

/** What is known of a host before it is talked to. */
export interface HostSettings {
  /** Tried in order before the host itself, for pulls only: `host[:port][/prefix]`, with a scheme or without. */
  readonly mirrors: readonly string[];
  /** Plain HTTP. Absent: only for loopback addresses. */
  readonly http?: boolean;
  /** TLS without verifying the certificate, and plain HTTP where there is no TLS. */
  readonly insecure: boolean;
  /** Files with certificates of authorities, trusted beside the system's. */
  readonly ca: readonly string[];
  readonly clientCert?: string;
  readonly clientKey?: string;
}

export type Environment = Readonly<Record<string, string | undefined>>;

export const plainSettings: HostSettings = { mirrors: [], insecure: false, ca: [] };
const keys = ["mirrors", "http", "insecure", "ca", "cert", "key", "keypair"];

function bad(file: string, why: string, cause?: unknown): TsbuildError {
  return new TsbuildError("REGISTRY_CONFIG", `${file}: ${why}`, {
    hint: "docs/registries.md describes this file",
    details: { path: file },
    ...defined({ cause }),
  });
}

function strings(value: unknown, what: string, file: string): readonly string[] {
  if (value === undefined) return [];
  const list: unknown = typeof value === "string" ? [value] : value;
  if (!Array.isArray(list) || !list.every((v): v is string => typeof v === "string" && v !== ""))
    throw bad(file, `${what} is not a list of strings`);
  return list;
}

function flag(value: unknown, what: string, file: string): boolean | undefined {
  if (value === undefined || typeof value === "boolean") return value;
  throw bad(file, `${what} is neither true nor false`);
}

function readHost(host: string, value: unknown, file: string): HostSettings {
  const at = `registry.${JSON.stringify(host)}`;
  if (!isRecord(value)) throw bad(file, `${at} is not a table`);
  for (const key of Object.keys(value))
    if (!keys.includes(key))
      throw bad(file, `${at} has an unknown key ${key}${didYouMean(key, keys)}`);
  const path = (name: string): string => resolve(dirname(file), name);
  // BuildKit's configuration writes the client's certificate as a list of pairs; one is what TLS can use.
  const pairs: unknown = value["keypair"];
  const pair: unknown = Array.isArray(pairs) ? pairs[0] : pairs;
  const own = isRecord(pair) ? pair : value;
  const [cert] = strings(own["cert"], `${at}.cert`, file);
  const [key] = strings(own["key"], `${at}.key`, file);
  if ((cert === undefined) !== (key === undefined))
    throw bad(file, `${at} needs cert and key together`);
  const http = flag(value["http"], `${at}.http`, file);
  return {
    mirrors: strings(value["mirrors"], `${at}.mirrors`, file),
    ...defined({ http }),
    insecure: flag(value["insecure"], `${at}.insecure`, file) ?? false,
    ca: strings(value["ca"], `${at}.ca`, file).map(path),
    ...(cert === undefined ? {} : { clientCert: path(cert) }),
    ...(key === undefined ? {} : { clientKey: path(key) }),
  };
}

/** Parses the text of a registries file: JSON when its name ends in .json, TOML otherwise. Throws REGISTRY_CONFIG. */
export function parseRegistriesFile(text: string, file: string): Map<string, HostSettings> {
  let value: unknown;
  try {
    value = file.endsWith(".json") ? JSON.parse(text) : parseToml(text);
  } catch (error) {
    throw bad(file, messageOf(error).split("\n")[0] ?? "it cannot be parsed", error);
  }
  if (!isRecord(value)) throw bad(file, "it is not a table");
  // Other sections (a whole buildkitd.toml will do) are none of our business.
  const hosts = value["registry"] ?? {};
  if (!isRecord(hosts)) throw bad(file, "registry is not a table");
  return new Map(
    Object.entries(hosts).map(([host, settings]) => [host, readHost(host, settings, file)]),
  );
}

/** Where a user's configuration is. A relative path would mean whatever directory we are started in, and counts as none. */
export function configHome(env: Environment): string | undefined {
  const given = env["XDG_CONFIG_HOME"] ?? "";
  if (isAbsolute(given)) return given;
  const home = env["HOME"] ?? "";
  return home === "" ? undefined : join(home, ".config");
}

/** Where the file is looked for, first found first; the explicit one must exist. */
function candidates(env: Environment): { path: string; required: boolean }[] {
  const explicit = env["TSBUILD_REGISTRIES"];
  if (explicit !== undefined && explicit !== "") return [{ path: explicit, required: true }];
  const config = configHome(env);
  const directories = [...(config === undefined ? [] : [join(config, "tsbuild")]), "/etc/tsbuild"];
  return directories.flatMap((directory) =>
    ["registries.toml", "registries.json"].map((name) => ({
      path: join(directory, name),
      required: false,
    })),
  );
}

/** Reads the registries file, if there is one. Throws REGISTRY_CONFIG. */
export async function loadRegistries(env: Environment): Promise<Map<string, HostSettings>> {
  for (const { path, required } of candidates(env)) {
    try {
      return parseRegistriesFile(await readFile(path, "utf8"), path);
    } catch (error) {
      const absent = errnoOf(error) === "ENOENT" || errnoOf(error) === "ENOTDIR";
      if (absent && !required) continue;
      if (error instanceof TsbuildError) throw error;
      throw bad(path, `it cannot be read (${messageOf(error)})`, error);
    }
  }
  return new Map();
}
