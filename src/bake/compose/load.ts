// SPDX-License-Identifier: Apache-2.0
// Compose files to a model: variables in, further files included (`include`, `extends`), one file on top of the other.

import { isDeepStrictEqual } from "node:util";
import { posix } from "node:path";
import { TsbuildError, didYouMean } from "../../base/index.js";
import { cleanPath, isRemote } from "../paths.js";
import type { BakeFile, BakeWarning } from "../types.js";
import { bad, canonicalSecret, canonicalService, type Paths } from "./canonical.js";
import { parseDotEnv } from "./dotenv.js";
import { interpolateAll, type Lookup } from "./interpolate.js";
import {
  emptyModel,
  mergeModels,
  mergeServices,
  withoutPaths,
  type ComposeModel,
} from "./model.js";
import { isYamlList, isYamlMap, parseYaml, type Yaml, type YamlMap } from "./yaml.js";

export interface ComposeOptions {
  readonly lookup: Lookup;
  readonly home?: string;
  readonly readFile?: (path: string) => string | undefined;
  readonly warn: (warning: BakeWarning) => void;
}

/** Files that include each other, and services that extend each other, not more. */
const nestingLimit = 50;
const includeLimit = 200;

/** Throws BAKE_FILE for what is no YAML, and BAKE_COMPOSE for what no Compose file says. */
export function loadCompose(files: readonly BakeFile[], options: ComposeOptions): ComposeModel {
  const loader = new Loader(options);
  const { model, isEmpty } = loader.files(files, {
    directory: "",
    lookup: options.lookup,
    within: [],
  });
  if (isEmpty) {
    const names = files.map(({ name }) => name).join(", ");
    throw new TsbuildError("BAKE_COMPOSE", `empty compose file: ${names} has no services`, {
      details: { files: files.map(({ name }) => name) },
    });
  }
  return model;
}

/** Where a file is read. */
interface Place {
  /** Relative to the working directory. Empty: that itself. */
  readonly directory: string;
  readonly lookup: Lookup;
  /** The files that have included this one. */
  readonly within: readonly string[];
}

class Loader {
  readonly #options: ComposeOptions;
  readonly #included = new Map<string, ComposeModel>();
  readonly #missing = new Set<string>();

  constructor(options: ComposeOptions) {
    this.#options = options;
  }

  files(
    files: readonly BakeFile[],
    place: Place,
  ): { readonly model: ComposeModel; readonly isEmpty: boolean } {
    let model = emptyModel;
    let isEmpty = true;
    for (const file of files)
      for (const document of parseYaml(file)) {
        const top = interpolateAll(document.value, {
          lookup: place.lookup,
          missing: (name) => this.#warnMissing(name, file),
        });
        if (top === null) continue;
        if (!isYamlMap(top)) throw bad(file.name, "the top of a Compose file must be a mapping");
        const own = this.#model(top, file, place);
        if (own.services.size > 0 || isYamlMap(top.get("services")) || top.has("secrets"))
          isEmpty = false;
        model = mergeModels(withoutPaths(model, document.resets), own);
      }
    return { model, isEmpty };
  }

  #warnMissing(name: string, file: BakeFile): void {
    if (this.#missing.has(name)) return;
    this.#missing.add(name);
    this.#options.warn({
      message: `${file.name}: the variable ${name} is not set, and so it is empty`,
    });
  }

  #model(top: YamlMap, file: BakeFile, place: Place): ComposeModel {
    const included = this.#includes(top.get("include") ?? null, place);
    const paths = this.#paths(place.directory);
    const services = new Map<string, YamlMap>();
    for (const [name, service] of entries(top.get("services"), "services"))
      services.set(name, canonicalService(service, `services.${name}`, paths));
    const secrets = new Map<string, YamlMap>();
    for (const [name, secret] of entries(top.get("secrets"), "secrets"))
      secrets.set(name, canonicalSecret(secret, `secrets.${name}`, paths));
    const own = {
      services: new Map([...imported(included.services, services, "service"), ...services]),
      secrets: new Map([...imported(included.secrets, secrets, "secret"), ...secrets]),
    };
    return { ...own, services: this.#extended(own.services, file.name, place) };
  }

  #paths(directory: string): Paths {
    const file = (path: string): string => {
      if (path === "") return path;
      const expanded =
        this.#options.home === undefined ? path : path.replace(/^~(?=$|\/)/, this.#options.home);
      if (posix.isAbsolute(expanded)) return cleanPath(expanded);
      return cleanPath(posix.join(directory, expanded));
    };
    const context = (path: string): string =>
      path.includes("://") || /^(service|target):/.test(path) || isRemote(path) ? path : file(path);
    return { file, context };
  }

  #read(path: string, at: string): BakeFile {
    const text = this.#options.readFile?.(path);
    if (text === undefined) throw bad(at, `${path} is not there, or may not be read`);
    return { name: path, text };
  }

  #includes(value: Yaml, place: Place): ComposeModel {
    if (value === null) return emptyModel;
    if (!isYamlList(value)) throw bad("include", "must be a list");
    let all = emptyModel;
    value.forEach((each, i) => {
      const at = `include.${i}`;
      const said = isYamlMap(each) ? each : new Map([["path", each]]);
      const paths = texts(said.get("path"), `${at}.path`).map((path) =>
        cleanPath(posix.join(place.directory, path)),
      );
      const model = this.#include(paths, said, at, place);
      all = {
        services: new Map([
          ...imported(all.services, model.services, "service"),
          ...model.services,
        ]),
        secrets: new Map([...imported(all.secrets, model.secrets, "secret"), ...model.secrets]),
      };
    });
    return all;
  }

  #include(paths: readonly string[], said: YamlMap, at: string, place: Place): ComposeModel {
    const [main = ""] = paths;
    const [project] = texts(said.get("project_directory"), `${at}.project_directory`);
    const directory =
      project === undefined ? directoryOf(main) : cleanPath(posix.join(place.directory, project));
    const envFiles = texts(said.get("env_file"), `${at}.env_file`);
    const id = JSON.stringify([paths, directory, envFiles]);
    const before = this.#included.get(id);
    if (before !== undefined) return before;
    if (place.within.includes(main))
      throw new TsbuildError("BAKE_CYCLE", `${main} includes itself`);
    if (place.within.length >= nestingLimit || this.#included.size >= includeLimit)
      throw new TsbuildError("BAKE_LIMIT", `${at}: too many files are included`);
    const lookup = this.#withVariables(
      envFiles.map((file) => posix.join(place.directory, file)),
      posix.join(directory, ".env"),
      place.lookup,
    );
    const files = paths.map((path) => this.#read(path, at));
    const { model } = this.files(files, { directory, lookup, within: [...place.within, main] });
    this.#included.set(id, model);
    return model;
  }

  /** The variables of an included file: those of its own files come after those of the others. */
  #withVariables(files: readonly string[], byDefault: string, outer: Lookup): Lookup {
    const values = new Map<string, string>();
    const texts =
      files.length > 0
        ? files.map((file) => this.#read(file, "include"))
        : [{ name: byDefault, text: this.#options.readFile?.(byDefault) ?? "" }];
    for (const { name, text } of texts)
      for (const [key, value] of parseDotEnv(text, name, outer)) values.set(key, value);
    return (name) => outer(name) ?? values.get(name);
  }

  #extended(services: YamlMap, file: string, place: Place): YamlMap {
    const names = [...services.keys()];
    return new Map(names.map((name) => [name, this.#service(services, name, file, place, [])]));
  }

  #service(
    services: YamlMap,
    name: string,
    file: string,
    place: Place,
    chain: readonly string[],
  ): YamlMap {
    const service = services.get(name);
    if (!isYamlMap(service))
      throw bad(file, `there is no service ${name}${didYouMean(name, services.keys())}`);
    const extended = service.get("extends");
    if (extended === undefined) return service;
    const link = `${name} in ${file}`;
    if (chain.includes(link))
      throw new TsbuildError("BAKE_CYCLE", `service ${link} extends itself`);
    if (chain.length >= nestingLimit)
      throw new TsbuildError("BAKE_LIMIT", `service ${link} extends too long a chain of services`);
    const at = `services.${name}.extends`;
    const [base = ""] = texts(isYamlMap(extended) ? extended.get("service") : extended, at);
    const [other] = isYamlMap(extended) ? texts(extended.get("file"), at) : [];
    const own = new Map(service);
    own.delete("extends");
    const next = [...chain, link];
    if (other === undefined)
      return mergeServices(this.#service(services, base, file, place, next), own);
    const path = cleanPath(posix.join(place.directory, other));
    const there = { ...place, directory: directoryOf(path) };
    const theirs = this.#servicesOf(this.#read(path, at), there);
    return mergeServices(this.#service(theirs, base, path, there, next), own);
  }

  /** The services of a file that another extends from, as they are said. */
  #servicesOf(file: BakeFile, place: Place): YamlMap {
    const services = new Map<string, YamlMap>();
    const paths = this.#paths(place.directory);
    for (const { value } of parseYaml(file)) {
      const top = interpolateAll(value, {
        lookup: place.lookup,
        missing: (name) => this.#warnMissing(name, file),
      });
      for (const [name, service] of entries(isYamlMap(top) ? top.get("services") : null, file.name))
        services.set(name, canonicalService(service, `services.${name}`, paths));
    }
    return services;
  }
}

function entries(value: Yaml | undefined, at: string): readonly (readonly [string, Yaml])[] {
  if (value === undefined || value === null) return [];
  if (!isYamlMap(value)) throw bad(at, "must be a mapping");
  return [...value];
}

/** What is included, if the file does not say something else by the same name. */
function imported(included: YamlMap, own: YamlMap, what: string): YamlMap {
  for (const [name, value] of included)
    if (own.has(name) && !isDeepStrictEqual(own.get(name), value))
      throw new TsbuildError(
        "BAKE_COMPOSE",
        `${what} ${name} is there, and is included as another`,
      );
  return included;
}

function texts(value: Yaml | undefined, at: string): readonly string[] {
  if (value === undefined || value === null) return [];
  const list = isYamlList(value) ? value : [value];
  return list.map((each) => {
    if (typeof each === "string") return each;
    throw bad(at, "must be a string");
  });
}

function directoryOf(path: string): string {
  const directory = posix.dirname(path);
  return directory === "." ? "" : directory;
}
