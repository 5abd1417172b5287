// SPDX-License-Identifier: Apache-2.0
export type {
  BlobInfo,
  BlobStore,
  BlobWriteOptions,
  Collection,
  ImageStore,
  Lease,
  NamedImage,
  Store,
  StoreOptions,
  StoredBlob,
  Table,
  TableTransaction,
} from "./types.js";
export { openStore } from "./open.js";
export {
  layoutBlobSize,
  readLayoutBlob,
  readLayoutIndex,
  verifiedLayoutBlob,
} from "./other-layout.js";
export { GrowingBlob } from "./growing-blob.js";
export { currentOwner, type Owner } from "./owner.js";
export { storeErrorCodes, type StoreErrorCode } from "./errors.js";
