// SPDX-License-Identifier: Apache-2.0
// The attributes that outputs of images have in common, and the checking of all.

import { defined, didYouMean, parseBoolean, printable } from "../base/index.js";
import { parseReference, type LayerCompression, type Reference } from "../oci/index.js";
import { optionError } from "./errors.js";
import { annotationAttribute } from "./output-spec.js";
import type { Annotation, ExporterAttribute, ExporterContext, LayerWish } from "./types.js";

export type Attributes = Readonly<Record<string, string>>;

/** Understood by every output that writes times. */
export const epochAttribute: ExporterAttribute = {
  name: "source-date-epoch",
  summary: "seconds since 1970 that stand for now",
};

/** Understood by every output that writes an image. */
export const imageAttributes: readonly ExporterAttribute[] = [
  { name: "name", summary: "names of the image, separated by commas" },
  { name: "compression", summary: "of new layers: gzip, zstd, estargz or uncompressed" },
  { name: "compression-level", summary: "gzip and estargz 0 to 9, zstd 0 to 22" },
  { name: "force-compression", summary: "recompress layers that come with another compression" },
  { name: "oci-mediatypes", summary: "false: Docker's media types instead of OCI's" },
  { name: "oci-artifact", summary: "false: attestations in the form of images" },
  { name: "rewrite-timestamp", summary: "clamp the times in new layers to the epoch" },
  epochAttribute,
  {
    name: "prefer-nondist-layers",
    summary:
      "a base's layers that are not to be distributed stay so; default: the image has all of its layers",
  },
  {
    name: "annotation.KEY",
    summary:
      "annotation; also annotation-{index,manifest-descriptor,index-descriptor}[PLATFORM].KEY",
  },
];

/** Attributes of BuildKit's that would change the result and are not there yet. */
const notYet = new Set([
  ...["context", "danging-name-empty-only", "dangling-name-prefix", "name-canonical", "store"],
]);
/** BuildKit's number for the images that are made here. */
const compatibilityVersion = "30";
/** About attestations, where they are as it says or there are none; about unpacking, which is not waited for. */
const withoutEffect = new Set(["attestation-inline", "attestation-prefix", "unpack"]);

/** Refuses attributes that a row does not list. Throws EXPORT_OPTION. */
export function checkNames(
  type: string,
  attributes: Attributes,
  known: readonly ExporterAttribute[],
): void {
  const names = known.map(({ name }) => name);
  const annotations = names.includes("annotation.KEY");
  for (const [name, value] of Object.entries(attributes)) {
    if (names.includes(name) && name !== "annotation.KEY") continue;
    if (withoutEffect.has(name)) continue;
    if (name === "compatibility-version" && value === compatibilityVersion) continue;
    if (annotations && annotationAttribute(name, value) !== undefined) continue;
    if (name === "compatibility-version")
      throw optionError(type, `${name} can only be ${compatibilityVersion}`);
    if (notYet.has(name)) throw optionError(type, `the attribute ${name} is not supported yet`);
    const suggestion = didYouMean(name, names);
    throw optionError(
      type,
      `unknown attribute ${printable(name)}${suggestion}`,
      `known are ${names.join(", ")}`,
    );
  }
}

/** A boolean, in the spellings that Go's flag parser takes. Throws EXPORT_OPTION. */
export function booleanOf(
  type: string,
  attributes: Attributes,
  name: string,
  fallback: boolean,
): boolean {
  const value = attributes[name];
  if (value === undefined) return fallback;
  const parsed = parseBoolean(value);
  if (parsed !== undefined) return parsed;
  throw optionError(type, `${name}=${printable(value)} is neither true nor false`);
}

function integerOf(
  type: string,
  attributes: Attributes,
  name: string,
  [least, most]: readonly [number, number],
): number | undefined {
  const value = attributes[name];
  if (value === undefined || value === "") return undefined;
  const number = Number(value);
  if (/^-?\d+$/.test(value) && number >= least && number <= most) return number;
  throw optionError(type, `${name}=${printable(value)} is not a number from ${least} to ${most}`);
}

const compressions: Readonly<Record<string, LayerCompression>> = {
  uncompressed: "none",
  gzip: "gzip",
  zstd: "zstd",
  estargz: "estargz",
};
/** The wishes about layers. Throws EXPORT_OPTION. */
export function layerWish(type: string, attributes: Attributes): LayerWish {
  const name = attributes["compression"] ?? "gzip";
  const compression = Object.hasOwn(compressions, name) ? compressions[name] : undefined;
  if (compression === undefined)
    throw optionError(
      type,
      `compression=${printable(name)} is unknown${didYouMean(name, Object.keys(compressions))}`,
      "known are gzip, zstd, estargz and uncompressed",
    );
  // Those who know eStargz look for it in OCI's types.
  if (compression === "estargz" && !booleanOf(type, attributes, "oci-mediatypes", true))
    throw optionError(type, `compression=${compression} needs OCI media types`);
  const level = integerOf(type, attributes, "compression-level", [
    0,
    compression === "zstd" ? 22 : 9,
  ]);
  return {
    compression,
    ...defined({ level }),
    force: booleanOf(type, attributes, "force-compression", false),
    // An epoch that is set to nothing is none for the files, whatever the build says.
    rewriteTimestamp:
      booleanOf(type, attributes, "rewrite-timestamp", false) &&
      attributes["source-date-epoch"] !== "",
    ...epochWish(type, attributes),
  };
}

/** For outputs that have no layers. */
export const noLayerWish: LayerWish = {
  compression: "gzip",
  force: false,
  rewriteTimestamp: false,
};

/** For outputs of files: they have times. Throws EXPORT_OPTION. */
export function treeWish(type: string, attributes: Attributes): LayerWish {
  return { ...noLayerWish, ...epochWish(type, attributes) };
}

function epochWish(type: string, attributes: Attributes): Pick<LayerWish, "sourceDateEpoch"> {
  const epoch = integerOf(type, attributes, "source-date-epoch", [0, 253402300799]);
  return epoch === undefined ? {} : { sourceDateEpoch: epoch };
}

/** What every output of an image knows about how it is to be written. */
export interface ImageWish {
  readonly layers: LayerWish;
  readonly names: readonly Reference[];
  readonly annotations: readonly Annotation[];
  /** Docker's media types. */
  readonly docker: boolean;
  /** Attestations are artifacts that name their image as the subject, instead of images. */
  readonly artifacts: boolean;
  /** Names stay as they were given: they are places in a registry, and no tag is set there. */
  readonly untagged?: boolean;
  /** Layers of a base that may not be pushed stay such layers, whose bytes are elsewhere. */
  readonly foreign: boolean;
}

function artifactWish(
  type: string,
  attributes: Attributes,
  docker: boolean,
  { attestationImages = false }: ExporterContext,
): boolean {
  const artifacts = booleanOf(type, attributes, "oci-artifact", !docker && !attestationImages);
  if (docker && artifacts)
    throw optionError(
      type,
      "oci-artifact=true needs OCI media types",
      "leave oci-mediatypes=false out",
    );
  return artifacts;
}

/** Throws EXPORT_OPTION, OCI_REFERENCE. */
export function imageWish(
  type: string,
  attributes: Attributes,
  context: ExporterContext,
): ImageWish {
  const names = (attributes["name"] ?? "").split(",").filter((name) => name !== "");
  const own = Object.entries(attributes).flatMap(
    ([name, value]) => annotationAttribute(name, value) ?? [],
  );
  const annotations = [...(context.annotations ?? []), ...own];
  const docker = !booleanOf(type, attributes, "oci-mediatypes", true);
  if (docker && annotations.length > 0)
    throw optionError(type, "annotations need OCI media types", "leave oci-mediatypes=false out");
  return {
    layers: layerWish(type, attributes),
    names: names.map((name) => parseReference(name)),
    annotations,
    docker,
    artifacts: artifactWish(type, attributes, docker, context),
    foreign: booleanOf(type, attributes, "prefer-nondist-layers", false),
  };
}
