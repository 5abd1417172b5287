// SPDX-License-Identifier: Apache-2.0
// Puts the client together. Nothing is read or connected to before the first request.

import type { Readable } from "node:stream";
import { CredentialStore } from "./credentials.js";
import { Endpoints } from "./endpoint.js";
import { Puller } from "./pull.js";
import { Pusher } from "./push.js";
import { loadRegistries } from "./registries-file.js";
import { Transport } from "./transport.js";
import type { RegistryClient, RegistryClientOptions } from "./types.js";

/** Makes a client. Reads the registries file. Throws REGISTRY_CONFIG. */
export async function createRegistryClient(
  options: RegistryClientOptions = {},
): Promise<RegistryClient> {
  const env = options.env ?? process.env;
  const warn =
    options.onWarning ??
    ((message: string) => {
      process.emitWarning(message);
    });
  const retry = options.retry ?? { attempts: 5, baseDelay: 250 };
  const endpoints = new Endpoints(await loadRegistries(env), options.insecureHosts ?? []);
  const credentials = new CredentialStore(env, warn);
  const transport = new Transport(env, credentials, endpoints, retry, options.timeouts);
  const puller = new Puller(transport, endpoints, retry, warn);
  const pusher = new Pusher(transport, endpoints, retry);
  const close = (): Promise<void> => {
    transport.close();
    return Promise.resolve();
  };
  return {
    resolve: (reference, request = {}) => puller.resolve(reference, request),
    manifest: (reference, request = {}) => puller.manifest(reference, request),
    blob: (reference, blob, request = {}): Readable => puller.blob(reference, blob, request),
    referrers: (reference, artifactType, request = {}) =>
      puller.referrers(reference, artifactType, request),
    push: (reference, image, source, request = {}) =>
      pusher.push(reference, image, source, request),
    close,
    [Symbol.asyncDispose]: close,
  };
}
