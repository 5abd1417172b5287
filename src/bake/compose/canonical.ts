// SPDX-License-Identifier: Apache-2.0
// What a Compose file says of services that are built, and of secrets, in one of the forms that it can be said in. All else is
// passed over: this room is about building.

import { TsbuildError, didYouMean } from "../../base/index.js";
import { isYamlList, isYamlMap, type Yaml, type YamlMap } from "./yaml.js";

/** Brings a value into its form; `at` is its path. */
type Form = (value: Yaml, at: string) => Yaml;

/** How paths of a file become relative to the working directory. */
export interface Paths {
  /** A context: a path, unless it is a URL or the like. */
  readonly context: (path: string) => string;
  readonly file: (path: string) => string;
}

export function bad(at: string, why: string): TsbuildError {
  return new TsbuildError("BAKE_COMPOSE", `${at}: ${why}`);
}

const string = (value: Yaml, at: string): string => {
  if (typeof value === "string") return value;
  throw bad(at, "must be a string");
};

const strings = (value: Yaml, at: string): readonly string[] => {
  if (!isYamlList(value)) throw bad(at, "must be a list");
  return value.map((each, i) => string(each, `${at}.${i}`));
};

const stringOrList = (value: Yaml, at: string): readonly string[] =>
  typeof value === "string" ? [value] : strings(value, at);

const boolean: Form = (value, at) => {
  if (typeof value === "boolean") return value;
  const word = typeof value === "string" ? value.toLowerCase() : "";
  if (["true", "y", "yes", "on"].includes(word)) return true;
  if (["false", "n", "no", "off"].includes(word)) return false;
  throw bad(at, "must be true or false");
};

const stringOrBoolean: Form = (value, at) =>
  typeof value === "boolean" ? String(value) : string(value, at);

const size: Form = (value, at) => (typeof value === "bigint" ? String(value) : string(value, at));

/** `NAME: value`, or a list of `NAME=value` and `NAME`. */
const dictionary: Form = (value, at) => {
  if (isYamlList(value))
    return new Map(
      value.map((each, i) => {
        const text = string(each, `${at}.${i}`);
        const sign = text.indexOf("=");
        return sign === -1 ? [text, null] : [text.slice(0, sign), text.slice(sign + 1)];
      }),
    );
  if (!isYamlMap(value)) throw bad(at, "must be a mapping or a list");
  return new Map(
    [...value].map(([key, each]) => {
      if (typeof each === "object" && each !== null)
        throw bad(`${at}.${key}`, "must be a string, a number, a boolean or null");
      return [key, each === null ? null : String(each)];
    }),
  );
};

/** `host: ip`, `host: [ip, ip]`, or a list of `host=ip` and `host:ip`. */
const hosts: Form = (value, at) => {
  const found = new Map<string, readonly string[]>();
  const add = (host: string, ips: readonly string[]): void => {
    if (host === "" || /[:=]/.test(host)) throw bad(at, `bad host name ${JSON.stringify(host)}`);
    const bare = ips.map((ip) => (/^\[.+\]$/.test(ip) ? ip.slice(1, -1) : ip));
    found.set(host, [...(found.get(host) ?? []), ...bare]);
  };
  if (isYamlMap(value)) {
    for (const [host, ips] of value) add(host, stringOrList(ips ?? "", `${at}.${host}`));
    return found;
  }
  for (const each of strings(value, at)) {
    const sign = each.includes("=") ? each.indexOf("=") : each.indexOf(":");
    if (sign === -1) throw bad(at, `${JSON.stringify(each)} is missing an IP`);
    add(each.slice(0, sign), each.slice(sign + 1).split(","));
  }
  return found;
};

const ssh: Form = (value, at) => {
  const keys = dictionary(value, at) as YamlMap;
  if (isYamlList(value))
    for (const [id, path] of keys)
      if (path === null && id !== "default") throw bad(at, `invalid ssh key ${JSON.stringify(id)}`);
  return keys;
};

const secretUses: Form = (value, at) => {
  if (!isYamlList(value)) throw bad(at, "must be a list");
  return value.map((each, i) => {
    if (typeof each === "string") return new Map([["source", each]]);
    if (isYamlMap(each))
      return new Map([["source", string(each.get("source") ?? null, `${at}.${i}.source`)]]);
    throw bad(`${at}.${i}`, "must be a string or a mapping");
  });
};

/** A limit, or a soft and a hard one. */
const ulimits: Form = (value, at) => {
  if (!isYamlMap(value)) throw bad(at, "must be a mapping");
  return new Map(
    [...value].map(([name, limit]) => {
      const [soft, hard] = isYamlMap(limit)
        ? [limit.get("soft"), limit.get("hard")]
        : [limit, limit];
      const number = (each: Yaml | undefined): string => {
        const text = typeof each === "bigint" || typeof each === "string" ? String(each) : "";
        if (/^-?\d+$/.test(text)) return text;
        throw bad(`${at}.${name}`, "must be a number, or soft and hard");
      };
      return [name, `${number(soft)}:${number(hard)}`];
    }),
  );
};

const buildForms: ReadonlyMap<string, Form> = new Map([
  ...["context", "dockerfile", "dockerfile_inline", "network", "target", "isolation"].map(
    (name) => [name, string] as const,
  ),
  ...["entitlements", "cache_from", "cache_to", "tags", "platforms"].map(
    (name) => [name, strings] as const,
  ),
  ...["args", "labels", "additional_contexts"].map((name) => [name, dictionary] as const),
  ...["no_cache", "pull", "privileged"].map((name) => [name, boolean] as const),
  ...["provenance", "sbom"].map((name) => [name, stringOrBoolean] as const),
  ["no_cache_filter", stringOrList],
  ["shm_size", size],
  ["extra_hosts", hosts],
  ["ssh", ssh],
  ["secrets", secretUses],
  ["ulimits", ulimits],
]);

/** Of a service. */
export function canonicalService(value: Yaml, at: string, paths: Paths): YamlMap {
  if (value === null) return new Map();
  if (!isYamlMap(value)) throw bad(at, "must be a mapping");
  const service = new Map<string, Yaml>();
  for (const [name, said] of value) {
    if (said === null) continue;
    const where = `${at}.${name}`;
    if (name === "image") service.set(name, string(said, where));
    else if (name === "environment") service.set(name, dictionary(said, where));
    else if (name === "env_file") service.set(name, envFiles(said, where, paths));
    else if (name === "build") service.set(name, build(said, where, paths));
    else if (name === "extends" || name === "provider") service.set(name, said);
  }
  return service;
}

function envFiles(value: Yaml, at: string, paths: Paths): Yaml {
  const list = isYamlList(value) ? value : [value];
  return list.map((each, i) => {
    const where = `${at}.${i}`;
    if (typeof each === "string") return new Map<string, Yaml>([["path", paths.file(each)]]);
    if (!isYamlMap(each)) throw bad(where, "must be a string or a mapping");
    const path = paths.file(string(each.get("path") ?? null, `${where}.path`));
    const required = boolean(each.get("required") ?? true, `${where}.required`);
    return new Map<string, Yaml>([
      ["path", path],
      ["required", required],
    ]);
  });
}

function build(value: Yaml, at: string, paths: Paths): YamlMap {
  if (typeof value === "string") return new Map([["context", paths.context(value)]]);
  if (!isYamlMap(value)) throw bad(at, "must be a string or a mapping");
  const fields = new Map<string, Yaml>();
  for (const [name, said] of value) {
    const form = buildForms.get(name);
    if (form !== undefined) {
      if (said !== null) fields.set(name, form(said, `${at}.${name}`));
    } else if (name.startsWith("x-")) fields.set(name, said);
    else
      throw bad(
        at,
        `additional property ${name} is not allowed${didYouMean(name, buildForms.keys())}`,
      );
  }
  const context = fields.get("context");
  if (typeof context === "string") fields.set("context", paths.context(context));
  const contexts = fields.get("additional_contexts");
  if (isYamlMap(contexts))
    fields.set(
      "additional_contexts",
      new Map(
        [...contexts].map(([name, path]) => {
          if (typeof path !== "string")
            throw bad(`${at}.additional_contexts.${name}`, "must be name=context");
          return [name, paths.context(path)];
        }),
      ),
    );
  return fields;
}

const secretFields = [
  "name",
  "environment",
  "file",
  "external",
  "labels",
  "driver",
  "driver_opts",
  "template_driver",
];

export function canonicalSecret(value: Yaml, at: string, paths: Paths): YamlMap {
  if (value === null) return new Map();
  if (!isYamlMap(value)) throw bad(at, "must be a mapping");
  const secret = new Map<string, Yaml>();
  for (const [name, said] of value) {
    if (name === "file" && said !== null) secret.set(name, paths.file(string(said, `${at}.file`)));
    else if (name === "environment" && said !== null)
      secret.set(name, string(said, `${at}.environment`));
    else if (name === "external")
      secret.set(name, isYamlMap(said) ? true : boolean(said, `${at}.external`));
    else if (!secretFields.includes(name) && !name.startsWith("x-"))
      throw bad(at, `additional property ${name} is not allowed${didYouMean(name, secretFields)}`);
  }
  return secret;
}
