// SPDX-License-Identifier: Apache-2.0
// Credentials for registries, tried and kept: `tsbuild login` and `logout`.

import { checkLogin, registryOf, removeLogin, storeLogin, type Login } from "../registry/index.js";

type Environment = Readonly<Record<string, string | undefined>>;

export interface LoginRequest extends Login {
  /** A host, or a URL; empty for Docker Hub. */
  readonly server: string;
  /** Plain HTTP, or TLS without verifying. */
  readonly insecure: boolean;
  readonly env: Environment;
  readonly signal: AbortSignal;
}

/**
 * Keeps credentials that the registry takes. `helper`: the credential helper that has them; without one they are in `file`.
 * Errors: REGISTRY_AUTH, and then nothing is kept; REGISTRY_CONFIG; those of a request.
 */
export async function login(
  request: LoginRequest,
): Promise<{ readonly registry: string; readonly file: string; readonly helper?: string }> {
  const registry = registryOf(request.server);
  await checkLogin(registry, request, request);
  return { registry, ...(await storeLogin(registry, request, request.env)) };
}

/** Forgets credentials. Errors: REGISTRY_CONFIG. */
export async function logout(
  server: string,
  env: Environment,
): Promise<{ readonly registry: string; readonly known: boolean }> {
  const registry = registryOf(server);
  return { registry, known: await removeLogin(registry, env) };
}
