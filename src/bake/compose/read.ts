// SPDX-License-Identifier: Apache-2.0
// Compose files to targets: each service that is built is one, and together they are the group `default`.

import { TsbuildError, didYouMean, isTsbuildError } from "../../base/index.js";
import { settled, type Draft } from "../attributes.js";
import { attestationOf, parseAttestation } from "../entries/attestation.js";
import { parseCaches } from "../entries/cache.js";
import { sortedSsh } from "../entries/ssh.js";
import type { SecretEntry } from "../entries/secret.js";
import { mergeDrafts } from "../merge-drafts.js";
import { directoryOf } from "../paths.js";
import { targetName } from "../resolve.js";
import type { BakeFile, Definition, TargetAttributes, TargetDraft } from "../types.js";
import { bad } from "./canonical.js";
import { parseDotEnv } from "./dotenv.js";
import type { Lookup } from "./interpolate.js";
import { loadCompose, type ComposeOptions } from "./load.js";
import type { ComposeModel } from "./model.js";
import { formatSize, parseSize } from "./sizes.js";
import { withExtension } from "./x-bake.js";
import { isYamlList, isYamlMap, type Yaml, type YamlMap } from "./yaml.js";

/** Whether a text is a Compose file; what is wrong with it otherwise is thrown. */
export function checkCompose(file: BakeFile, options: ComposeOptions): void {
  loadCompose([file], { ...options, warn: () => undefined });
}

/** Throws BAKE_COMPOSE for what cannot be built. */
export function readCompose(files: readonly BakeFile[], options: ComposeOptions): Definition {
  const model = loadCompose(files, options);
  checkSecrets(model);
  const directory = directoryOf(files[0]?.name ?? "");
  const targets: TargetDraft[] = [];
  for (const [name, service] of model.services) {
    if (!isYamlMap(service)) continue;
    const build = service.get("build");
    const hasImage = service.has("image") && service.get("image") !== "";
    if (build === undefined && !hasImage && !service.has("provider"))
      throw bad(`services.${name}`, "has neither an image nor a build context specified");
    if (!isYamlMap(build)) continue;
    const attributes = attributesOf(name, service, build, model, options);
    targets.push({
      name: validName(name),
      attributes,
      ...(directory === undefined
        ? {}
        : {
            directory,
            contextDirectory: directory,
            contextDirectories: new Map(
              [...(attributes.contexts?.keys() ?? [])].map((context) => [context, directory]),
            ),
          }),
    });
  }
  const merged = mergeDrafts(targets);
  if (model.services.size === 0) return { groups: [], targets: [] };
  return {
    groups: [{ name: "default", targets: merged.map(({ name }) => name) }],
    targets: merged,
  };
}

function validName(service: string): string {
  const name = targetName(service);
  if (/^[a-zA-Z0-9_-]+$/.test(name)) return name;
  throw bad(`services.${service}`, "invalid service name: letters, digits, _, - and . are allowed");
}

function checkSecrets({ secrets }: ComposeModel): void {
  for (const [name, secret] of secrets) {
    if (!isYamlMap(secret) || secret.get("external") === true) continue;
    if (!secret.has("file") && !secret.has("environment"))
      throw bad(`secrets.${name}`, "must declare either file or environment");
    if (secret.has("file") && secret.has("environment"))
      throw bad(`secrets.${name}`, "file and environment exclude each other");
  }
}

function attributesOf(
  name: string,
  service: YamlMap,
  build: YamlMap,
  model: ComposeModel,
  options: ComposeOptions,
): TargetAttributes {
  const at = `services.${name}.build`;
  const text = (field: string): string | undefined => {
    const value = build.get(field);
    return typeof value === "string" && value !== "" ? value : undefined;
  };
  if (text("dockerfile") !== undefined && text("dockerfile_inline") !== undefined)
    throw bad(at, "dockerfile and dockerfile_inline exclude each other");
  const flag = (field: string): true | undefined => (build.get(field) === true ? true : undefined);
  const image = service.get("image");
  const tags = listOf(build.get("tags"));
  const namedContext = (context: string): string => targetContext(context);
  const attests = ["sbom", "provenance"].flatMap((type) => {
    const value = text(type);
    return value === undefined ? [] : [attestationOf(type, value)];
  });
  const contexts = mapOf(build.get("additional_contexts"));
  checkContexts(contexts, model, at);
  const draft: Draft = {
    context: text("context") ?? ".",
    contexts: contexts.size === 0 ? undefined : mapped(contexts, namedContext),
    dockerfile: text("dockerfile"),
    dockerfileInline: text("dockerfile_inline"),
    tags:
      tags.length === 0 && typeof image === "string" && image !== "" ? [image] : unlessEmpty(tags),
    labels: unlessEmptyMap(mapped(nullableMapOf(build.get("labels")), (value) => value ?? "")),
    args: unlessEmptyMap(argsOf(name, service, build, options)),
    cacheFrom: unlessEmpty(within(at, () => parseCaches(listOf(build.get("cache_from"))))),
    cacheTo: unlessEmpty(within(at, () => parseCaches(listOf(build.get("cache_to"))))),
    network: text("network"),
    platforms: unlessEmpty(listOf(build.get("platforms"))),
    ssh: unlessEmpty(sshOf(build)),
    secret: unlessEmpty(secretsOf(build, model, at)),
    shmSize: sizeOf(text("shm_size"), `${at}.shm_size`),
    ulimits: unlessEmpty([...mapOf(build.get("ulimits"))].map(([key, limit]) => `${key}=${limit}`)),
    extraHosts: unlessEmptyMap(hostsOf(build.get("extra_hosts"))),
    attest: unlessEmpty(within(at, () => attests.map(parseAttestation))),
    noCache: flag("no_cache"),
    pull: flag("pull"),
    target: text("target"),
  };
  return within(at, () =>
    withExtension(settled(draft), build.get("x-bake"), `${at}.x-bake`, namedContext, options.warn),
  );
}

/** A context that is another service is a target. */
function targetContext(context: string): string {
  const match = /^(?:service|target):([^]*)$/.exec(context);
  return match === null ? context : `target:${targetName(match[1] ?? "")}`;
}

function checkContexts(
  contexts: ReadonlyMap<string, string>,
  { services }: ComposeModel,
  at: string,
): void {
  for (const [name, context] of contexts) {
    if (!context.startsWith("service:")) continue;
    const other = context.slice("service:".length);
    const where = `${at}.additional_contexts.${name}`;
    const service = services.get(other);
    if (service === undefined)
      throw bad(where, `there is no service ${other}${didYouMean(other, services.keys())}`);
    if (!isYamlMap(service) || !service.has("build"))
      throw bad(where, `the service ${other} is not built`);
  }
}

/** Arguments without a value have that of the service's environment, or else of the user's. */
function argsOf(
  name: string,
  service: YamlMap,
  build: YamlMap,
  options: ComposeOptions,
): ReadonlyMap<string, string> {
  const args = nullableMapOf(build.get("args"));
  let environment: Lookup | undefined;
  const resolved = new Map<string, string>();
  for (const [key, value] of args) {
    if (value === null) environment ??= environmentOf(name, service, options);
    const text = value ?? environment?.(key) ?? options.lookup(key);
    if (text !== undefined) resolved.set(key, text);
  }
  return resolved;
}

function environmentOf(name: string, service: YamlMap, options: ComposeOptions): Lookup {
  const said = nullableMapOf(service.get("environment"));
  const own: Lookup = (key) => said.get(key) ?? (said.has(key) ? options.lookup(key) : undefined);
  const values = new Map<string, string>();
  const files = service.get("env_file");
  for (const entry of isYamlList(files) ? files : []) {
    const path = isYamlMap(entry) ? entry.get("path") : undefined;
    if (!isYamlMap(entry) || typeof path !== "string") continue;
    const text = options.readFile?.(path);
    if (text === undefined) {
      if (entry.get("required") === false) continue;
      throw bad(`services.${name}.env_file`, `${path} is not there, or may not be read`);
    }
    const lookup: Lookup = (key) => options.lookup(key) ?? own(key);
    for (const [key, value] of parseDotEnv(text, path, lookup)) values.set(key, value);
  }
  return (key) => own(key) ?? values.get(key);
}

function secretsOf(build: YamlMap, { secrets }: ComposeModel, at: string): readonly SecretEntry[] {
  const uses = build.get("secrets");
  return (isYamlList(uses) ? uses : []).map((use) => {
    const id = textOf(isYamlMap(use) ? use.get("source") : undefined);
    const secret = secrets.get(id);
    if (!isYamlMap(secret))
      throw bad(`${at}.secrets`, `undefined build secret ${id}${didYouMean(id, secrets.keys())}`);
    if (secret.get("external") === true)
      throw bad(`${at}.secrets`, `unsupported external secret ${id}`);
    const field = (name: string): string => textOf(secret.get(name));
    return { id, source: field("file"), variable: field("environment") };
  });
}

function sshOf(build: YamlMap): TargetAttributes["ssh"] & object {
  const keys = [...nullableMapOf(build.get("ssh"))];
  return sortedSsh(
    keys.map(([id, path]) => ({ id, paths: path === null || path === "" ? [] : [path] })),
  );
}

function hostsOf(value: Yaml | undefined): ReadonlyMap<string, string> {
  const hosts = isYamlMap(value) ? [...value] : [];
  return new Map(hosts.map(([host, ips]) => [host, listOf(ips).join(",")]));
}

function sizeOf(text: string | undefined, at: string): string | undefined {
  if (text === undefined) return undefined;
  const bytes = parseSize(text);
  if (bytes === undefined) throw bad(at, `${JSON.stringify(text)} is no size`);
  return bytes > 0 ? formatSize(bytes) : undefined;
}

function textOf(value: Yaml | undefined): string {
  return typeof value === "string" ? value : "";
}

function listOf(value: Yaml | undefined): readonly string[] {
  return isYamlList(value) ? value.map(textOf) : [];
}

function nullableMapOf(value: Yaml | undefined): ReadonlyMap<string, string | null> {
  const entries = isYamlMap(value) ? [...value] : [];
  return new Map(entries.map(([key, each]) => [key, typeof each === "string" ? each : null]));
}

function mapOf(value: Yaml | undefined): ReadonlyMap<string, string> {
  return mapped(nullableMapOf(value), (each) => each ?? "");
}

function mapped<A, B>(map: ReadonlyMap<string, A>, to: (value: A) => B): ReadonlyMap<string, B> {
  return new Map([...map].map(([key, value]) => [key, to(value)]));
}

function unlessEmpty<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function unlessEmptyMap<V>(map: ReadonlyMap<string, V>): ReadonlyMap<string, V> | undefined {
  return map.size === 0 ? undefined : map;
}

/** Entries in the notation of flags do not know where they stand. */
function within<T>(at: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!isTsbuildError(error, "BAKE_ATTRIBUTE")) throw error;
    throw new TsbuildError("BAKE_COMPOSE", `${at}: ${error.message}`, { cause: error });
  }
}
