// SPDX-License-Identifier: Apache-2.0
export type {
  ContentSource,
  FetchedManifest,
  MountFrom,
  PushOptions,
  PushProgress,
  RegistryClient,
  RegistryClientOptions,
  RequestOptions,
} from "./types.js";
export { createRegistryClient } from "./client.js";
export { checkLogin, registryOf, removeLogin, storeLogin, type Login } from "./login.js";
export { imageParts } from "./parts.js";
export { proxyRoute } from "./proxy.js";
export { Connections, type HttpAnswer, type HttpRequest } from "./http.js";
export {
  beginsAt,
  discard,
  pause,
  readCapped,
  repeated,
  resumed,
  type RetryPolicy,
} from "./repeat.js";
export { piecesOf } from "./upload-body.js";
export { registryErrorCodes, type RegistryErrorCode } from "./errors.js";
