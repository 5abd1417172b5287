// SPDX-License-Identifier: Apache-2.0
// `tsbuild imagetools create`: one image for several platforms of images that are in registries or OCI layouts already, without
// anything being built or unpacked.

import { Readable } from "node:stream";
import { CleanupStack, TsbuildError, isRecord } from "../../base/index.js";
import { parseAnnotation, writeLayout, type Annotation } from "../../export/index.js";
import {
  annotationNames,
  isDigest,
  isIndexType,
  mediaTypes,
  ociLimits,
  parseDescriptor,
  parseDigest,
  parseImageDocument,
  parseJsonObject,
  parsePlatform,
  type Descriptor,
  type Digest,
  type Platform,
} from "../../oci/index.js";
import {
  imageParts,
  type ContentSource,
  type PushOptions,
  type RegistryClient,
} from "../../registry/index.js";
import { asStep } from "../as-step.js";
import { registryClient } from "../registry-client.js";
import { combine, type Combined, type Source } from "./combine.js";
import { parsePlace, type Place, type RemoteRequest } from "./place.js";
import { signaturesOf, withAttestations, type Signature } from "./referrers.js";

export interface CreateRequest extends RemoteRequest {
  /** Names, digests in the repository of the others, or descriptors as JSON. */
  readonly sources: readonly string[];
  /** Names for the result; `oci-layout://DIR:TAG` too. */
  readonly tags: readonly string[];
  /** What the first name means now is the first source. */
  readonly append?: boolean;
  /** As `--annotation` takes them. */
  readonly annotations?: readonly string[];
  /** Default true; see {@link combine}. */
  readonly preferIndex?: boolean;
  readonly platforms?: readonly string[];
  /** Nothing is written. */
  readonly dryRun?: boolean;
}

export interface Created {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  /** The names that it got, in full. */
  readonly names: readonly string[];
  /** The repositories and layouts of the names, each once. */
  readonly homes: readonly string[];
}

/** Errors: BUILD_INDEX_SOURCE, REGISTRY_*, OCI_*, STORE_LAYOUT, EXPORT_DESTINATION. */
export async function createIndex(request: CreateRequest): Promise<Created> {
  const { cwd, append = false, dryRun = false, signal } = request;
  await using cleanup = new CleanupStack();
  const client = cleanup.use(await registryClient(request, ["*"]));
  const targets = request.tags.map((tag) => parsePlace(tag, cwd, client));
  const annotations = (request.annotations ?? []).flatMap(parseAnnotation);
  checkWish(targets, annotations, request);
  const wanted = request.sources.map((text) => parseSource(text, cwd, client));
  const [first] = targets;
  if (append && first !== undefined) wanted.unshift({ place: first });
  if (wanted.length === 0) throw bad("no sources are named");
  const platforms = (request.platforms ?? []).flatMap((text) => text.split(",")).map(parsePlatform);
  const home = commonHome(wanted, targets);
  const sources = await Promise.all(wanted.map((one) => read(one, home, signal)));
  const { preferIndex = true } = request;
  const combined = await withAttestations(
    combine(sources, { annotations, preferIndex, platforms }),
    signal,
  );
  const signatures = dryRun ? [] : await signaturesOf(combined, signal);
  if (!dryRun)
    for (const target of targets) await put(combined, signatures, target, request, client);
  const { descriptor, bytes } = combined;
  return {
    descriptor,
    bytes,
    names: targets.map(({ name }) => name),
    homes: [...new Set(targets.map(({ home: one }) => one))].sort(),
  };
}

function bad(why: string, hint?: string): TsbuildError {
  return new TsbuildError("BUILD_INDEX_SOURCE", why, hint === undefined ? {} : { hint });
}

function checkWish(
  targets: readonly Place[],
  annotations: readonly Annotation[],
  { append, dryRun }: CreateRequest,
): void {
  if (targets.length === 0 && dryRun !== true)
    throw bad(
      "no name is given to the result",
      "Name it with --tag, or look at it with --dry-run.",
    );
  if (targets.length === 0 && append === true)
    throw bad("--append needs the name of what is appended to", "Name it with --tag.");
  const level = annotations.find(
    ({ level: one }) => !["index", "manifest-descriptor"].includes(one),
  );
  if (level !== undefined)
    throw bad(
      `annotations of level ${level.level} cannot be set here: images stay as they are`,
      "Write index:KEY=VALUE or manifest-descriptor:KEY=VALUE.",
    );
}

/** What a source is named as. */
interface Wanted {
  /** Absent: wherever the others are. */
  readonly place?: Place;
  readonly descriptor?: Partial<Descriptor> & Pick<Descriptor, "digest">;
}

function parseSource(text: string, cwd: string, client: RegistryClient): Wanted {
  const trimmed = text.trim();
  if (/^sha\d+(?::|$)/.test(trimmed)) return { descriptor: { digest: parseDigest(trimmed) } };
  if (!trimmed.startsWith("{")) return { place: parsePlace(trimmed, cwd, client) };
  return { descriptor: parseWanted(trimmed) };
}

/** A descriptor of which only the digest has to be there; what it says counts more than what the registry says. */
function parseWanted(text: string): NonNullable<Wanted["descriptor"]> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw bad("a source is neither a name, a digest nor a descriptor in JSON");
  }
  if (!isRecord(value)) throw bad("a source's descriptor is no object");
  if (value["schemaVersion"] !== undefined)
    throw bad("a source is a manifest or an index instead of a descriptor of one");
  const { digest } = value;
  if (!isDigest(digest)) throw bad("a source's descriptor has no valid digest");
  const { mediaType, size, ...rest } = parseDescriptor({ mediaType: "any", size: 0, ...value });
  return {
    ...rest,
    digest,
    ...(value["mediaType"] === undefined ? {} : { mediaType }),
    ...(value["size"] === undefined ? {} : { size }),
  };
}

/** The one repository or layout that all names speak of, if there is one. */
function commonHome(sources: readonly Wanted[], targets: readonly Place[]): Place | undefined {
  const places = [...sources.flatMap(({ place }) => place ?? []), ...targets];
  return new Set(places.map(({ home }) => home)).size === 1 ? places[0] : undefined;
}

async function read(wanted: Wanted, home: Place | undefined, signal: AbortSignal): Promise<Source> {
  const { descriptor: given } = wanted;
  const place = wanted.place ?? (given === undefined ? undefined : home?.at(given.digest));
  if (place === undefined)
    throw bad(
      `${given?.digest ?? "a source"} is in none or in one of several repositories`,
      "Write it with its repository: NAME@DIGEST.",
    );
  const found = await place.resolve(signal);
  const bytes = await place.document(found, signal);
  // Some registries tell another size before they send the document.
  const size = bytes.length;
  if (given?.size !== undefined && given.size !== size)
    throw bad(`${found.digest} has ${size} bytes and not ${given.size}`);
  const descriptor = { ...found, ...given, size };
  const document = parseImageDocument(bytes, descriptor.mediaType);
  if (document.kind === "index") return { place, descriptor, bytes };
  const { config } = document.manifest;
  // An artifact is for no platform.
  if (config.mediaType === mediaTypes.ociEmpty) return { place, descriptor, bytes };
  const platform = await platformOf(place, config, given?.platform, signal);
  return { place, descriptor: { ...descriptor, platform }, bytes };
}

/** What the descriptor does not say of it, the configuration does. */
async function platformOf(
  place: Place,
  config: Descriptor,
  given: Platform | undefined,
  signal: AbortSignal,
): Promise<Platform> {
  if (given !== undefined && given.os !== "" && given.architecture !== "") return given;
  const bytes = await place.document(config, signal);
  const fields = parseJsonObject(bytes, "image config", ociLimits.configBytes);
  const text = (key: string): string => {
    const found = fields[key];
    return typeof found === "string" ? found : "";
  };
  const [os, architecture] = [given?.os || text("os"), given?.architecture || text("architecture")];
  const variant = given?.variant ?? (given?.architecture ? "" : text("variant"));
  if (os === "" || architecture === "")
    throw bad(
      `${place.name} does not say which platform it is for`,
      'Give its descriptor with one: {"digest": "...", "platform": {"os": "...", "architecture": "..."}}.',
    );
  return { os, architecture, ...(variant === "" ? {} : { variant }) };
}

/** Copies what the target does not have; the name is set last. */
async function put(
  combined: Combined,
  signatures: readonly Signature[],
  target: Place,
  { events, signal }: CreateRequest,
  client: RegistryClient,
): Promise<void> {
  const { descriptor, origins } = combined;
  const { reference, layout } = target;
  if (layout?.digest !== undefined || reference?.digest !== undefined)
    if ((layout ?? reference)?.digest !== descriptor.digest)
      throw bad(`the result is ${descriptor.digest}, and cannot be put to ${target.name}`);
  await asStep(`pushing ${target.name}`, events, signal, async (progress) => {
    const content = contentOf(combined, signatures, signal);
    const others = signatures.map((signature) => signature.descriptor);
    if (layout !== undefined) {
      const parts = await Promise.all(
        [descriptor, ...others].map((image) => imageParts(image, content)),
      );
      const entry = named(
        descriptor,
        layout.tag ?? (layout.digest === undefined ? "latest" : undefined),
      );
      await writeLayout(
        layout.path,
        {
          blobs: parts.flatMap(({ blobs, manifests }) => [...blobs, ...manifests]),
          entries: [...signatures.map(entryOf), entry],
          texts: {},
        },
        content,
        { signal, onProgress: progress },
      );
    }
    if (reference === undefined) return;
    const lenders = [...new Set(origins.values())].flatMap((place) => place.reference ?? []);
    const options: PushOptions = {
      signal,
      mountFrom: () => lenders,
      onProgress: ({ digest, current, total }) => {
        progress(digest.slice(0, 19), current, total);
      },
    };
    for (const signature of others)
      await client.push(reference, signature, content, { ...options, byDigest: true });
    await client.push(reference, descriptor, content, options);
  });
}

/** How a layout says what a manifest refers to. */
function entryOf({ descriptor, subject }: Signature): Descriptor {
  const annotations = { ...descriptor.annotations, [annotationNames.subject]: subject };
  return { ...descriptor, annotations };
}

function named(descriptor: Descriptor, tag: string | undefined): Descriptor {
  const { mediaType, digest, size } = descriptor;
  const name = tag === undefined ? {} : { annotations: { [annotationNames.refName]: tag } };
  return { mediaType, digest, size, ...name };
}

/** The result's bytes, and those of what it names, each from where it is. */
function contentOf(
  { descriptor, bytes, origins }: Combined,
  signatures: readonly Signature[],
  signal: AbortSignal,
): ContentSource {
  const known = new Map<Digest, Uint8Array>();
  if (isIndexType(descriptor.mediaType)) known.set(descriptor.digest, bytes);
  const places = new Map(origins);
  for (const { descriptor: signature, place } of signatures) places.set(signature.digest, place);
  const placeOf = ({ digest }: Descriptor): Place => {
    const place = places.get(digest);
    if (place === undefined) throw new TypeError(`${digest} was not named`);
    return place;
  };
  return {
    read: async (document) => {
      const place = places.get(document.digest);
      const found =
        known.get(document.digest) ?? (await placeOf(document).document(document, signal));
      known.set(document.digest, found);
      const parsed = parseImageDocument(found, document.mediaType);
      const parts =
        parsed.kind === "index"
          ? parsed.index.manifests
          : [parsed.manifest.config, ...parsed.manifest.layers];
      for (const { digest } of parts)
        if (place !== undefined && !places.has(digest)) places.set(digest, place);
      return found;
    },
    stream: (blob) => {
      const held = known.get(blob.digest);
      return held === undefined ? placeOf(blob).stream(blob, signal) : Readable.from([held]);
    },
  };
}
