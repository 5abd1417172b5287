// SPDX-License-Identifier: Apache-2.0
export type {
  ContentSource,
  FetchedManifest,
  PushOptions,
  PushProgress,
  RegistryClient,
  RegistryClientOptions,
  RequestOptions,
} from "./types.js";
export { createRegistryClient } from "./client.js";
export { checkLogin, registryOf, removeLogin, storeLogin, type Login } from "./login.js";
export { proxyRoute } from "./proxy.js";
export { registryErrorCodes, type RegistryErrorCode } from "./errors.js";
