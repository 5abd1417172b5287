// SPDX-License-Identifier: Apache-2.0
// Manifests, indexes and configs from strangers: bytes in, checked values out. Whatever is ambiguous is refused: a
// document that two readers could take for different things must not get a digest's trust (CVE-2021-41190).

import { TsbuildError, defined, isRecord, jsonShape, messageOf, printable } from "../base/index.js";
import { isDigest } from "./digest.js";
import { isDockerType, isIndexType, isManifestType, mediaTypes } from "./media-types.js";
import type { Descriptor, Digest, ImageConfig, ImageIndex, Manifest, Platform } from "./types.js";

/** What tsbuild accepts of a stranger's image. Sizes in bytes. */
export const ociLimits = {
  manifestBytes: 4_194_304,
  configBytes: 16_777_216,
  layers: 4096,
  manifests: 4096,
  history: 20_000,
  /** Of indexes in indexes. */
  nestedIndexes: 8,
  depth: 64,
} as const;

type Fields = Readonly<Record<string, unknown>>;

function bad(what: string, why: string, cause?: unknown): TsbuildError {
  return new TsbuildError(
    "OCI_JSON",
    `invalid ${what}: ${why}`,
    cause === undefined ? {} : { cause },
  );
}

function tooMuch(what: string, why: string): TsbuildError {
  return new TsbuildError("OCI_LIMIT", `${what} refused: ${why}`);
}

/** Refuses a document for its size, before it is fetched. Throws OCI_LIMIT. */
export function checkDocumentSize({ digest, size }: Descriptor): void {
  if (size > ociLimits.configBytes)
    throw tooMuch(digest, `it has ${size} bytes, and the limit is ${ociLimits.configBytes}`);
}

/** Refuses an image for indexes in indexes, of which a registry may have any number. Throws OCI_LIMIT. */
export function checkIndexDepth(name: string, depth: number): void {
  const { nestedIndexes } = ociLimits;
  if (depth > nestedIndexes) throw tooMuch(name, `indexes are nested deeper than ${nestedIndexes}`);
}

/** Parses a JSON object from strangers; `what` names it in errors. Throws OCI_JSON, OCI_LIMIT. */
export function parseJsonObject(bytes: Uint8Array, what: string, maxBytes: number): Fields {
  if (bytes.length > maxBytes)
    throw tooMuch(what, `it has ${bytes.length} bytes, and the limit is ${maxBytes}`);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw bad(what, "it is not UTF-8 text", error);
  }
  if (jsonShape(text).depth > ociLimits.depth)
    throw tooMuch(what, `it is nested deeper than ${ociLimits.depth}`);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw bad(what, `it is not JSON (${printable(messageOf(error))})`, error);
  }
  if (!isRecord(value)) throw bad(what, "it is not a JSON object");
  return value;
}

function optionalString(fields: Fields, key: string, what: string): string | undefined {
  const value = fields[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw bad(what, `${key} is not a string`);
  return value;
}

function stringList(value: unknown, key: string, what: string): readonly string[] | undefined {
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value) || !value.every((item): item is string => typeof item === "string"))
    throw bad(what, `${key} is not a list of strings`);
  return value;
}

function stringMap(value: unknown, key: string, what: string): Record<string, string> | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isRecord(value)) throw bad(what, `${key} is not an object`);
  const entries = Object.entries(value).map(([k, v]): [string, string] => {
    if (typeof v !== "string") throw bad(what, `${key} has a value that is not a string`);
    return [k, v];
  });
  return Object.fromEntries(entries);
}

function listOf(fields: Fields, key: string, max: number, what: string): readonly unknown[] {
  const value = fields[key];
  if (!Array.isArray(value)) throw bad(what, `${key} is not a list`);
  if (value.length > max)
    throw tooMuch(what, `${key} has ${value.length} entries, and the limit is ${max}`);
  return value;
}

function parsePlatformFields(value: unknown, what: string): Platform | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isRecord(value)) throw bad(what, "platform is not an object");
  const variant = optionalString(value, "variant", what);
  const version = optionalString(value, "os.version", what);
  const features = stringList(value["os.features"], "os.features", what);
  return {
    os: optionalString(value, "os", what) ?? "",
    architecture: optionalString(value, "architecture", what) ?? "",
    ...(variant === undefined || variant === "" ? {} : { variant }),
    ...(version === undefined || version === "" ? {} : { "os.version": version }),
    ...defined({ "os.features": features }),
  };
}

/** Checks a descriptor. `what` names it in errors. Throws OCI_JSON. */
export function parseDescriptor(value: unknown, what = "descriptor"): Descriptor {
  if (!isRecord(value)) throw bad(what, "it is not a JSON object");
  const { digest, size } = value;
  const mediaType = optionalString(value, "mediaType", what);
  if (mediaType === undefined || mediaType === "") throw bad(what, "mediaType is missing");
  if (mediaType.length > 255 || printable(mediaType) !== mediaType)
    throw bad(what, "mediaType is not a media type");
  if (!isDigest(digest)) {
    const shown = typeof digest === "string" ? `"${printable(digest.slice(0, 150))}"` : "missing";
    throw bad(what, `digest ${shown} is not valid`);
  }
  if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
    throw bad(what, "size is not a number of bytes");
  const annotations = stringMap(value["annotations"], "annotations", what);
  const platform = parsePlatformFields(value["platform"], what);
  const urls = stringList(value["urls"], "urls", what);
  const artifactType = optionalString(value, "artifactType", what);
  return {
    mediaType,
    digest,
    size,
    ...defined({ annotations, platform, urls, artifactType }),
  };
}

/** What the document says it is, checked against its shape and against the type it was announced with. */
function documentKind(
  fields: Fields,
  announced: string | undefined,
  what: string,
): "manifest" | "index" {
  // Go's decoder matches keys without regard to case, so `Layers` counts as `layers`.
  const keys = new Set(Object.keys(fields).map((key) => key.toLowerCase()));
  const manifest = keys.has("layers") || keys.has("config");
  const index = keys.has("manifests");
  if (manifest && index) throw bad(what, "it has both layers and manifests, so it is ambiguous");
  if (keys.has("fslayers") || fields["schemaVersion"] === 1)
    throw bad(what, "it is of Docker's schema 1, which tsbuild does not read");
  if (fields["schemaVersion"] !== 2) throw bad(what, "schemaVersion is not 2");
  if (!manifest && !index) throw bad(what, "it has neither layers nor manifests");
  const own = optionalString(fields, "mediaType", what);
  for (const type of [own, announced])
    if (type !== undefined && ((index && isManifestType(type)) || (manifest && isIndexType(type))))
      throw bad(
        what,
        `it has the shape of ${index ? "an index" : "a manifest"}, but is called ${printable(type)}`,
      );
  if (own !== undefined && !isManifestType(own) && !isIndexType(own))
    throw bad(what, `its mediaType ${printable(own)} is not that of an image`);
  if (
    own !== undefined &&
    announced !== undefined &&
    own !== announced &&
    (isManifestType(announced) || isIndexType(announced))
  )
    throw bad(what, `its mediaType is ${own}, but it came as ${printable(announced)}`);
  return index ? "index" : "manifest";
}

function readManifest(fields: Fields, announced: string | undefined): Manifest {
  const what = "image manifest";
  const config = parseDescriptor(fields["config"], `${what}, config`);
  const layers = listOf({ layers: fields["layers"] ?? [] }, "layers", ociLimits.layers, what).map(
    (layer, i) => parseDescriptor(layer, `${what}, layer ${i + 1}`),
  );
  const annotations = stringMap(fields["annotations"], "annotations", what);
  const artifactType = optionalString(fields, "artifactType", what);
  const own = optionalString(fields, "mediaType", what);
  const given =
    own ?? (announced !== undefined && isManifestType(announced) ? announced : undefined);
  return {
    schemaVersion: 2,
    mediaType:
      given ??
      (isDockerType(config.mediaType) ? mediaTypes.dockerManifest : mediaTypes.ociManifest),
    config,
    layers,
    ...defined({ annotations }),
    ...(fields["subject"] === undefined || fields["subject"] === null
      ? {}
      : { subject: parseDescriptor(fields["subject"], `${what}, subject`) }),
    ...defined({ artifactType }),
  };
}

function readIndex(fields: Fields, announced: string | undefined): ImageIndex {
  const what = "image index";
  // Some tools of the Go world write null for an empty list.
  const listed = fields["manifests"] === null ? { manifests: [] } : fields;
  const manifests = listOf(listed, "manifests", ociLimits.manifests, what).map((entry, i) =>
    parseDescriptor(entry, `${what}, entry ${i + 1}`),
  );
  const annotations = stringMap(fields["annotations"], "annotations", what);
  const own = optionalString(fields, "mediaType", what);
  const given = own ?? (announced !== undefined && isIndexType(announced) ? announced : undefined);
  return {
    schemaVersion: 2,
    mediaType: given ?? mediaTypes.ociIndex,
    manifests,
    ...defined({ annotations }),
  };
}

/** What a registry or layout answers to an image's name. */
export type ImageDocument =
  | { readonly kind: "manifest"; readonly manifest: Manifest }
  | { readonly kind: "index"; readonly index: ImageIndex };

/**
 * Parses a manifest or an index. `announced` is the media type it came with (a descriptor's, or a Content-Type), which
 * must not contradict it. Throws OCI_JSON, OCI_LIMIT.
 */
export function parseImageDocument(bytes: Uint8Array, announced?: string): ImageDocument {
  const fields = parseJsonObject(bytes, "image manifest", ociLimits.manifestBytes);
  return documentKind(fields, announced, "image manifest") === "index"
    ? { kind: "index", index: readIndex(fields, announced) }
    : { kind: "manifest", manifest: readManifest(fields, announced) };
}

/** Parses an image manifest; an index is an error. Throws OCI_JSON, OCI_LIMIT. */
export function parseManifest(bytes: Uint8Array, announced?: string): Manifest {
  const document = parseImageDocument(bytes, announced);
  if (document.kind === "manifest") return document.manifest;
  throw bad("image manifest", "it is an index");
}

/** Parses an image index; a manifest is an error. Throws OCI_JSON, OCI_LIMIT. */
export function parseIndex(bytes: Uint8Array, announced?: string): ImageIndex {
  const document = parseImageDocument(bytes, announced);
  if (document.kind === "index") return document.index;
  throw bad("image index", "it is a manifest");
}

const containerLists = ["Env", "Entrypoint", "Cmd", "OnBuild", "Shell"] as const;
const containerStrings = ["User", "WorkingDir", "StopSignal"] as const;
const containerSets = ["ExposedPorts", "Volumes"] as const;

function checkContainer(value: unknown): void {
  const what = "image config";
  if (value === undefined || value === null) return;
  if (!isRecord(value)) throw bad(what, "config is not an object");
  for (const key of containerLists) stringList(value[key], `config.${key}`, what);
  for (const key of containerStrings) optionalString(value, key, what);
  stringMap(value["Labels"], "config.Labels", what);
  for (const key of containerSets)
    if (value[key] !== undefined && value[key] !== null && !isRecord(value[key]))
      throw bad(what, `config.${key} is not an object`);
  const health = value["Healthcheck"];
  if (health === undefined || health === null) return;
  if (!isRecord(health)) throw bad(what, "config.Healthcheck is not an object");
  stringList(health["Test"], "config.Healthcheck.Test", what);
  for (const key of ["Interval", "Timeout", "StartPeriod", "StartInterval", "Retries"])
    if (health[key] !== undefined && typeof health[key] !== "number")
      throw bad(what, `config.Healthcheck.${key} is not a number`);
}

/** JSON's null means absent to the tools that write configs; dropped so that types hold. Cmd and Entrypoint keep theirs. */
function withoutNulls(fields: Fields, keep: readonly string[] = []): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([key, value]) => value !== null || keep.includes(key)),
  );
}

/** Parses an image configuration; unknown fields stay as they are. Throws OCI_JSON, OCI_LIMIT. */
export function parseImageConfig(bytes: Uint8Array): ImageConfig {
  const what = "image config";
  const fields = parseJsonObject(bytes, what, ociLimits.configBytes);
  for (const key of ["created", "author", "variant", "os.version"])
    optionalString(fields, key, what);
  const os = optionalString(fields, "os", what);
  const architecture = optionalString(fields, "architecture", what);
  if (os === undefined || os === "") throw bad(what, "os is missing");
  if (architecture === undefined || architecture === "") throw bad(what, "architecture is missing");
  stringList(fields["os.features"], "os.features", what);
  checkContainer(fields["config"]);

  const rootfs = fields["rootfs"];
  if (!isRecord(rootfs)) throw bad(what, "rootfs is not an object");
  if (rootfs["type"] !== "layers") throw bad(what, 'rootfs.type is not "layers"');
  const listed = rootfs["diff_ids"] ?? [];
  const diffIds = listOf({ "rootfs.diff_ids": listed }, "rootfs.diff_ids", ociLimits.layers, what);
  if (!diffIds.every((id): id is Digest => isDigest(id)))
    throw bad(what, "rootfs.diff_ids has an entry that is not a digest");

  const history = fields["history"];
  if (history !== undefined && history !== null)
    for (const entry of listOf(fields, "history", ociLimits.history, what)) {
      if (!isRecord(entry)) throw bad(what, "history has an entry that is not an object");
      for (const key of ["created", "created_by", "author", "comment"])
        optionalString(entry, key, what);
      const empty = entry["empty_layer"];
      if (empty !== undefined && empty !== null && typeof empty !== "boolean")
        throw bad(what, "history has an empty_layer that is not a boolean");
    }
  return {
    ...withoutNulls(fields),
    ...(isRecord(fields["config"])
      ? { config: withoutNulls(fields["config"], ["Cmd", "Entrypoint", "OnBuild"]) }
      : {}),
    os,
    architecture,
    rootfs: { ...rootfs, type: "layers", diff_ids: diffIds },
  } as ImageConfig;
}

/** A config and a manifest must speak of the same number of layers. Throws OCI_MISMATCH. */
export function checkLayerCount(manifest: Manifest, config: ImageConfig): void {
  const [layers, diffIds] = [manifest.layers.length, config.rootfs.diff_ids.length];
  if (layers === diffIds) return;
  throw new TsbuildError(
    "OCI_MISMATCH",
    `the image's manifest has ${layers} layers, but its config ${diffIds}`,
    { details: { layers, diffIds } },
  );
}
