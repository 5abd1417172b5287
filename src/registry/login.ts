// SPDX-License-Identifier: Apache-2.0
// `login` and `logout`: credentials tried at a registry, and kept where Docker keeps them: with a credential helper, or in
// config.json.

import { randomBytes } from "node:crypto";
import { access, constants, realpath, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { TsbuildError, errnoOf, makeDirectories, messageOf } from "../base/index.js";
import {
  fileNames,
  helperFor,
  plainKey,
  readAuthFile,
  runHelper,
  serverOf,
  type AuthFile,
} from "./credentials.js";
import { Endpoints } from "./endpoint.js";
import { discard } from "./repeat.js";
import { Transport } from "./transport.js";
import { loadRegistries, type Environment } from "./registries-file.js";

/** What a user is called at a registry, and what only they know. */
export interface Login {
  readonly username: string;
  readonly password: string;
}

/** The registry that an argument of `login` means: `docker.io` without one. A scheme and a path are left out. */
export function registryOf(server: string): string {
  const host = plainKey(server).replace(/\/.*$/, "").toLowerCase();
  return ["", "index.docker.io", "registry-1.docker.io"].includes(host) ? "docker.io" : host;
}

/**
 * Asks a registry whether it takes these credentials.
 * Errors: REGISTRY_AUTH when it does not, REGISTRY_UNREACHABLE, REGISTRY_TLS, REGISTRY_PROTOCOL.
 */
export async function checkLogin(
  domain: string,
  { username, password }: Login,
  options: { readonly env: Environment; readonly insecure: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const { env, insecure, signal } = options;
  const endpoints = new Endpoints(await loadRegistries(env), insecure ? [domain] : []);
  const endpoint = await endpoints.own({ domain, path: "" });
  const given = { find: () => Promise.resolve({ kind: "password", username, password } as const) };
  const retry = { attempts: 3, baseDelay: 250 };
  const transport = new Transport(env, given, endpoints, retry, { answer: 60_000, idle: 60_000 });
  try {
    const what = `log in at ${domain}`;
    discard(
      await transport.send(endpoint, {
        ...{ method: "GET", path: "", scopes: [], accept: [200], what, signal },
      }),
    );
  } finally {
    transport.close();
  }
}

/** Keeps credentials. `helper`: the one that has them now; otherwise they are in `file`, readable. Errors: REGISTRY_CONFIG. */
export async function storeLogin(
  domain: string,
  { username, password }: Login,
  env: Environment,
): Promise<{ readonly file: string; readonly helper?: string }> {
  const { path, file } = await userFile(env);
  const server = serverOf(domain);
  const helper = helperFor(file, [domain, server]);
  if (helper !== undefined) {
    const input = JSON.stringify({ ServerURL: server, Username: username, Secret: password });
    await askHelper(helper, "store", input, env);
    return { file: path, helper };
  }
  const auth = Buffer.from(`${username}:${password}`).toString("base64");
  await replace(path, { ...file.all, auths: { ...without(file, domain), [server]: { auth } } });
  return { file: path };
}

/** Forgets credentials; false when there were none. Errors: REGISTRY_CONFIG. */
export async function removeLogin(domain: string, env: Environment): Promise<boolean> {
  const { path, file } = await userFile(env);
  const server = serverOf(domain);
  const helper = helperFor(file, [domain, server]);
  if (helper !== undefined) {
    const known = (await askHelper(helper, "get", server, env)) !== "";
    if (known) await askHelper(helper, "erase", server, env);
    return known;
  }
  const auths = without(file, domain);
  if (Object.keys(auths).length === Object.keys(file.auths).length) return false;
  await replace(path, { ...file.all, auths });
  return true;
}

/** The entries of all other registries. */
function without({ auths }: AuthFile, domain: string): Record<string, unknown> {
  const names = new Set([domain, serverOf(domain)].map(plainKey));
  return Object.fromEntries(Object.entries(auths).filter(([key]) => !names.has(plainKey(key))));
}

/** The file in which the user's credentials are kept: the first of those that are read. */
async function userFile(
  env: Environment,
): Promise<{ readonly path: string; readonly file: AuthFile }> {
  const [path] = fileNames(env);
  if (path === undefined)
    throw new TsbuildError("REGISTRY_CONFIG", "there is no place for credentials", {
      hint: "Set HOME, or DOCKER_CONFIG to a directory.",
    });
  const file = await readAuthFile(path);
  if (file !== undefined) return { path, file };
  // What cannot be read must not be replaced.
  await access(path, constants.R_OK).catch((error: unknown) => {
    if (errnoOf(error) === "ENOENT") return;
    throw new TsbuildError("REGISTRY_CONFIG", `cannot read ${path}: ${messageOf(error)}`, {
      details: { path },
      cause: error,
    });
  });
  return { path, file: { all: {}, auths: {}, credHelpers: {}, credsStore: undefined } };
}

/** Written beside it and renamed: a file that was there is whole at every moment. A symlink stays one. */
async function replace(path: string, value: unknown): Promise<void> {
  try {
    makeDirectories(dirname(path), 0o700);
    const target = await realpath(path).catch((error: unknown) => {
      if (errnoOf(error) === "ENOENT") return path;
      throw error;
    });
    const temporary = `${target}.${randomBytes(8).toString("hex")}`;
    try {
      const text = `${JSON.stringify(value, null, "\t")}\n`;
      await writeFile(temporary, text, { mode: 0o600, flag: "wx" });
      await rename(temporary, target);
    } finally {
      await rm(temporary, { force: true });
    }
  } catch (error) {
    throw new TsbuildError("REGISTRY_CONFIG", `cannot write ${path}: ${messageOf(error)}`, {
      details: { path },
      cause: error,
    });
  }
}

async function askHelper(
  helper: string,
  action: "get" | "store" | "erase",
  input: string,
  env: Environment,
): Promise<string> {
  try {
    return await runHelper(helper, action, input, env);
  } catch (error) {
    throw new TsbuildError("REGISTRY_CONFIG", messageOf(error), { cause: error });
  }
}
