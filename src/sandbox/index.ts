// SPDX-License-Identifier: Apache-2.0
// The one door to native/. What other rooms may use of it.

export { createSandbox, storageDriver, type SandboxOptions } from "./create-sandbox.js";
export { cacheMountRoot } from "./cache-seed.js";
export {
  findCompressor,
  type Compressor,
  type CompressorName,
  type CompressorSink,
} from "./compressors.js";
export {
  cdiDirectories,
  findDevices,
  readDevices,
  type Device,
  type DeviceEdits,
  type Devices,
} from "./devices.js";
export { stateSize } from "./entry-codec.js";
export { sandboxErrorCodes, type SandboxErrorCode } from "./errors.js";
export {
  confinementParts,
  defaultConfinement,
  parseSecurityOptions,
  type Confinement,
} from "./security-options.js";
export { storageDrivers, type StorageDriver } from "./storage-driver.js";
export { hashSize } from "./tree-reader.js";
export type * from "./types.js";
