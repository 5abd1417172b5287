// SPDX-License-Identifier: Apache-2.0
// Credentials from where Docker and Podman keep them: config.json, auth.json, and credential helpers. Nothing found here
// may appear in an error, a log or a command line.

import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { isAbsolute, join } from "node:path";
import { TsbuildError, errnoOf, isRecord, messageOf, printable } from "../base/index.js";
import { configHome, type Environment } from "./registries-file.js";

export type Credentials =
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** A refresh token for the registry's token service. */
  | { readonly kind: "identity"; readonly token: string }
  /** A bearer token, sent as it is. */
  | { readonly kind: "bearer"; readonly token: string };

/** A file of credentials: its fields that matter here, and all of it for who writes it anew. */
export interface AuthFile {
  readonly all: Readonly<Record<string, unknown>>;
  readonly auths: Readonly<Record<string, unknown>>;
  readonly credHelpers: Readonly<Record<string, unknown>>;
  readonly credsStore: string | undefined;
}

const maxFile = 1024 * 1024;
const helperTimeout = 30_000;

/** Under which name credential files and helpers know a registry. */
export function serverOf(host: string): string {
  return host === "docker.io" ? "https://index.docker.io/v1/" : host;
}

/** The helper that keeps the credentials of these names, if one does. */
export function helperFor(file: AuthFile, names: readonly string[]): string | undefined {
  const special = names.map((name) => file.credHelpers[name]).find((v) => typeof v === "string");
  const helper = special ?? file.credsStore;
  return helper === "" ? undefined : helper;
}

/** Files that may hold credentials, the most explicit first. */
export function fileNames(env: Environment): string[] {
  const home = env["HOME"];
  const runtime = env["XDG_RUNTIME_DIR"] ?? "";
  const config = configHome(env);
  const names = [
    env["REGISTRY_AUTH_FILE"],
    env["DOCKER_CONFIG"]
      ? join(env["DOCKER_CONFIG"], "config.json")
      : home && join(home, ".docker/config.json"),
    isAbsolute(runtime) ? join(runtime, "containers/auth.json") : undefined,
    config && join(config, "containers/auth.json"),
  ];
  return names.filter((name): name is string => name !== undefined && name !== "");
}

/** Undefined: there is none, or nothing in it. Throws REGISTRY_CONFIG. */
export async function readAuthFile(path: string): Promise<AuthFile | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    // Kubernetes makes a directory where an optional secret is missing.
    if (["ENOENT", "ENOTDIR", "EACCES", "EISDIR"].includes(errnoOf(error) ?? "")) return undefined;
    throw new TsbuildError("REGISTRY_CONFIG", `cannot read ${path}: ${messageOf(error)}`, {
      cause: error,
    });
  }
  if (text.trim() === "") return undefined;
  // The parser's own message would quote the file, and with it a secret.
  const broken = new TsbuildError("REGISTRY_CONFIG", `${path} is not a JSON object`, {
    details: { path },
  });
  if (text.length > maxFile) throw broken;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw broken;
  }
  if (!isRecord(value)) throw broken;
  const store = value["credsStore"];
  return {
    all: value,
    auths: isRecord(value["auths"]) ? value["auths"] : {},
    credHelpers: isRecord(value["credHelpers"]) ? value["credHelpers"] : {},
    credsStore: typeof store === "string" && store !== "" ? store : undefined,
  };
}

/** The names under which a registry's credentials may stand, the most specific first. */
function namesOf(host: string, repository: string): string[] {
  const parts = repository.split("/");
  const paths = parts.map((_, i) => `${host}/${parts.slice(0, parts.length - i).join("/")}`);
  const hub = ["https://index.docker.io/v1/", "index.docker.io", "registry-1.docker.io"];
  return [...paths, host, ...(host === "docker.io" ? hub : [])];
}

/** A key of `auths` without the scheme and the API version that old logins wrote, in lower case, as hosts are compared. */
export function plainKey(key: string): string {
  return key
    .toLowerCase()
    .replace(/^https?:\/\//, "")
    .replace(/\/(?:v[12]\/?)?$/, "");
}

/** As Docker has it: the path of a key that is a URL says nothing, unless another key is nearer. */
function looseKey(key: string): string {
  return /^https?:\/\//i.test(key) ? plainKey(key).replace(/\/.*/s, "") : plainKey(key);
}

/** "unreadable": there is something, but not what it should be. */
function fromEntry(entry: unknown): Credentials | "unreadable" | undefined {
  if (!isRecord(entry)) return undefined;
  const text = (key: string): string => (typeof entry[key] === "string" ? entry[key] : "");
  if (text("registrytoken") !== "") return { kind: "bearer", token: text("registrytoken") };
  if (text("identitytoken") !== "") return { kind: "identity", token: text("identitytoken") };
  // As in Docker, `auth` counts more than the two that stand beside it.
  if (text("auth") === "")
    return text("username") !== "" && text("password") !== ""
      ? { kind: "password", username: text("username"), password: text("password") }
      : undefined;
  const decoded = Buffer.from(text("auth"), "base64").toString("utf8").replace(/\0+$/, "");
  const colon = decoded.indexOf(":");
  if (colon <= 0) return "unreadable";
  return {
    kind: "password",
    username: decoded.slice(0, colon),
    password: decoded.slice(colon + 1),
  };
}

function fromAuths(
  file: AuthFile,
  names: readonly string[],
  warn: (message: string) => void,
): Credentials | undefined {
  const all = Object.entries(file.auths);
  const entries = new Map([
    ...all.map(([key, value]): [string, unknown] => [looseKey(key), value]),
    ...all.map(([key, value]): [string, unknown] => [plainKey(key), value]),
  ]);
  for (const name of names) {
    const found = fromEntry(file.auths[name] ?? entries.get(plainKey(name)));
    if (found === "unreadable")
      warn(`no credentials for ${name}: auth of its entry is no NAME:PASSWORD in base64`);
    else if (found !== undefined) return found;
  }
  return undefined;
}

/** Runs `docker-credential-NAME ACTION` without a shell. The empty string: it knows nothing of the server. */
export async function runHelper(
  name: string,
  action: "get" | "store" | "erase",
  input: string,
  env: Environment,
): Promise<string> {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(name))
    throw new Error(`the credential helper's name ${JSON.stringify(name)} is not allowed`);
  const program = `docker-credential-${name}`;
  return new Promise<string>((resolve, reject) => {
    const child = execFile(
      program,
      [action],
      { env: { ...env }, timeout: helperTimeout, maxBuffer: maxFile, encoding: "utf8" },
      (error, stdout) => {
        if (error === null) resolve(stdout);
        else if (/credentials not found|no credentials server URL/i.test(stdout)) resolve("");
        // The output may hold a secret; the exit says enough.
        else reject(new Error(`${program} failed (${String(error.code ?? error.signal)})`));
      },
    );
    // A helper that does not read its input may be gone before we have written it.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}

/** What the helper of this name knows of a server. */
async function askHelper(
  name: string,
  server: string,
  env: Environment,
): Promise<Credentials | undefined> {
  const output = await runHelper(name, "get", server, env);
  if (output.trim() === "") return undefined;
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    throw new Error(`docker-credential-${name} did not answer with JSON`);
  }
  const username = isRecord(value) ? value["Username"] : undefined;
  const secret = isRecord(value) ? value["Secret"] : undefined;
  if (typeof username !== "string" || typeof secret !== "string" || secret === "") return undefined;
  return username === "<token>"
    ? { kind: "identity", token: secret }
    : { kind: "password", username, password: secret };
}

/** Looks credentials up; files are read once, at the first question. */
export class CredentialStore {
  readonly #env: Environment;
  readonly #warn: (message: string) => void;
  #files: Promise<AuthFile[]> | undefined;
  readonly #helpers = new Map<string, Promise<Credentials | undefined>>();
  readonly #answers = new Map<string, Promise<Credentials | undefined>>();

  constructor(env: Environment, warn: (message: string) => void) {
    this.#env = env;
    this.#warn = warn;
  }

  /** Undefined: none, go anonymous. Throws REGISTRY_CONFIG for a file that cannot be understood. */
  find(host: string, repository: string): Promise<Credentials | undefined> {
    const key = `${host}/${repository}`;
    const answer = this.#answers.get(key) ?? this.#search(host, repository);
    this.#answers.set(key, answer);
    return answer;
  }

  async #load(): Promise<AuthFile[]> {
    const files: AuthFile[] = [];
    for (const name of fileNames(this.#env)) {
      const file = await readAuthFile(name);
      if (file !== undefined) files.push(file);
    }
    return files;
  }

  async #search(host: string, repository: string): Promise<Credentials | undefined> {
    this.#files ??= this.#load();
    const names = namesOf(host, repository);
    for (const file of await this.#files) {
      const found =
        (await this.#fromHelpers(file, host, names)) ?? fromAuths(file, names, this.#warn);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #fromHelpers(
    file: AuthFile,
    host: string,
    names: readonly string[],
  ): Promise<Credentials | undefined> {
    const helper = helperFor(file, names);
    if (helper === undefined) return undefined;
    const server = serverOf(host);
    const key = `${helper} ${server}`;
    const asked = this.#helpers.get(key) ?? this.#ask(helper, server, host);
    this.#helpers.set(key, asked);
    return await asked;
  }

  /** A helper that fails costs the credentials, not the build: the registry may not want any. */
  async #ask(helper: string, server: string, host: string): Promise<Credentials | undefined> {
    try {
      return await askHelper(helper, server, this.#env);
    } catch (error) {
      this.#warn(`no credentials for ${host}: ${printable(messageOf(error))}`);
      return undefined;
    }
  }
}
