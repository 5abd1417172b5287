// SPDX-License-Identifier: Apache-2.0
// What a base image's name means: looked up in the store, in what was pulled before, in an OCI layout, or at its
// registry; the choice of a platform; manifest and configuration brought into the store, layers not yet.

import { TsbuildError } from "../base/index.js";
import {
  annotationNames,
  checkDocumentSize,
  checkIndexDepth,
  checkLayerCount,
  choosePlatform,
  familiarReference,
  formatFullPlatform,
  formatPlatform,
  formatReference,
  isIndexType,
  isManifestType,
  ociLimits,
  parseImageConfig,
  parseIndex,
  parseManifest,
  parseReference,
  platformsOf,
  wholeId,
  withDefaultTag,
  type Descriptor,
  type ImageIndex,
  type Platform,
  type Reference,
} from "../oci/index.js";
import type { ImageOrigin, ResolvedImage } from "../plan/index.js";
import type { SourcePolicy } from "../policy/index.js";
import type { RegistryClient } from "../registry/index.js";
import { readLayoutIndex, type Table } from "../store/index.js";
import { fetchBlob } from "./image-blobs.js";
import type { StepServices } from "./services.js";
import { imageOfId } from "./stored-image.js";

type Rooms = Pick<StepServices, "store" | "registry">;

/** The name of the table of names at registries. */
export const pulledTable = "pulled";

/** What a name at a registry meant when it was last asked for. */
export interface Pulled {
  readonly descriptor: Descriptor;
  /** Milliseconds since the epoch; within an hour. */
  readonly lastUsedAt?: number;
}

/** How old `lastUsedAt` may become before it is written anew: a build that changes nothing should not write. */
const usedGrain = 3_600_000;

/**
 * When a registry is asked what a name means: always; to look for something newer, the known one being good enough where it
 * cannot be asked; when the name is not known here; never.
 */
export type PullPolicy = "always" | "newer" | "missing" | "never";

/** How often images that were found may be converted. */
const maxConversions = 20;

interface Found {
  readonly descriptor: Descriptor;
  readonly origin: ImageOrigin;
}

/** Which image of an OCI layout. */
export interface LayoutImage {
  readonly tag?: string;
  readonly digest?: string;
}

/** What somebody named, as messages call it. */
interface Meant {
  readonly shown: string;
  readonly found: Found;
}

/** Finds base images. One per build, so that each name is asked for once. Disposing ends what is still being asked for. */
export class ImageResolver implements AsyncDisposable {
  readonly #rooms: Rooms;
  readonly #ending = new AbortController();
  readonly #signal: AbortSignal;
  readonly #pull: PullPolicy;
  readonly #policy: SourcePolicy | undefined;
  readonly #found = new Map<string, Promise<Found>>();
  readonly #resolved = new Map<string, Promise<ResolvedImage>>();

  /** `policy`: which images may be had by name. */
  constructor(
    rooms: Rooms,
    options: {
      readonly pull: PullPolicy;
      readonly policy?: SourcePolicy;
      readonly signal: AbortSignal;
    },
  ) {
    this.#rooms = rooms;
    this.#pull = options.pull;
    this.#policy = options.policy;
    this.#signal = AbortSignal.any([options.signal, this.#ending.signal]);
  }

  /**
   * The image that a reference means for a platform; an image of the store by its id, or by 12 digits of it or more: what is shorter
   * looks like a name.
   * Errors: OCI_REFERENCE, STEPS_NO_PLATFORM, STEPS_NOT_PULLED, REGISTRY_*, STORE_*, POLICY_*.
   */
  reference(text: string, platform: Platform): Promise<ResolvedImage> {
    return this.#once(`${text} ${formatFullPlatform(platform)}`, async () =>
      this.#imageFor(await this.#meant(text), platform),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await Promise.allSettled([...this.#found.values(), ...this.#resolved.values()]);
  }

  /** The image of the store whose id begins so; undefined: there is none. Errors: those of `reference`. */
  async stored(text: string, platform: Platform): Promise<ResolvedImage | undefined> {
    const meant = await this.#byId(text);
    return meant === undefined ? undefined : this.#imageFor(meant, platform);
  }

  /** The platforms that a reference has images for, formatted. Errors: those of `reference`. */
  async platforms(text: string): Promise<readonly string[]> {
    const { descriptor, origin } = (await this.#meant(text)).found;
    return this.#platformsOf(descriptor, origin);
  }

  /** The same of an OCI layout. Errors: those of `layout`. */
  async layoutPlatforms(path: string, wanted: LayoutImage): Promise<readonly string[]> {
    const entries = layoutEntries(await readLayoutIndex(path), wanted, layoutName(path, wanted));
    const origin = { kind: "layout", path } as const;
    const found = await Promise.all(entries.map((entry) => this.#platformsOf(entry, origin)));
    return [...new Set(found.flat())];
  }

  async #platformsOf(descriptor: Descriptor, origin: ImageOrigin): Promise<readonly string[]> {
    const bytes = await this.#document(origin, descriptor);
    if (isIndexType(descriptor.mediaType))
      return platformsOf(parseIndex(bytes, descriptor.mediaType));
    const { config } = parseManifest(bytes, descriptor.mediaType);
    return [formatPlatform(parseImageConfig(await this.#document(origin, config)))];
  }

  #imageFor({ shown, found }: Meant, platform: Platform): Promise<ResolvedImage> {
    const { descriptor, origin } = found;
    const key = `${shown} ${descriptor.digest} ${formatFullPlatform(platform)}`;
    return this.#once(key, () => this.#image(shown, descriptor, origin, platform));
  }

  async #meant(text: string): Promise<Meant> {
    const id = wholeId(text);
    const stored =
      id !== undefined || /^[0-9a-f]{12,}$/.test(text) ? await this.#byId(text) : undefined;
    if (stored !== undefined) return stored;
    if (id !== undefined)
      throw new TsbuildError("STEPS_NOT_PULLED", `no image in the store has the id ${id}`, {
        hint: "No registry knows images by their ids. `tsbuild images` lists those of the store.",
      });
    const { reference, found } = await this.#allowed(withDefaultTag(parseReference(text)));
    return { shown: familiarReference(reference), found };
  }

  /** The policy is asked by a name that the image has, whoever knows it by its id. */
  async #byId(text: string): Promise<Meant | undefined> {
    const { store } = this.#rooms;
    const image = await imageOfId(store, text);
    if (image === undefined) return undefined;
    // As with names of the store's images: what was pulled by this name is meant.
    if (wholeId(text) === undefined) {
      const name = formatReference(withDefaultTag(parseReference(text)));
      if (store.table<Pulled>(pulledTable).get(name) !== undefined) return undefined;
    }
    const { id, name, descriptor } = image;
    const known = withDefaultTag(parseReference(name ?? id));
    const allowed = this.#policy?.image(known, descriptor.digest).reference ?? known;
    if (allowed !== known) {
      const { reference, found } = await this.#allowed(allowed);
      return { shown: familiarReference(reference), found };
    }
    const shown = name === undefined ? id : familiarReference(known);
    return { shown, found: { descriptor, origin: { kind: "store" } } };
  }

  /** What a name may and does mean. The policy is asked before anything is, and again about the digest that was found. */
  async #allowed(
    wanted: Reference,
  ): Promise<{ readonly reference: Reference; readonly found: Found }> {
    let reference = wanted;
    for (let turn = 0; turn <= maxConversions; turn++) {
      const byName = this.#policy?.image(reference) ?? { reference, final: true };
      const found = await this.#meaning(byName.reference);
      if (byName.final) return { reference: byName.reference, found };
      const byDigest = this.#policy?.image(byName.reference, found.descriptor.digest);
      if (byDigest === undefined || byDigest.reference === byName.reference)
        return { reference: byName.reference, found };
      reference = byDigest.reference;
      if (byDigest.final) return { reference, found: await this.#meaning(reference) };
    }
    throw this.#policy?.circle(wanted) ?? new RangeError("without a policy nothing is converted");
  }

  /** Several platforms are of one image, even if its tag moves meanwhile. */
  #meaning(reference: Reference): Promise<Found> {
    const name = formatReference(reference);
    const found = this.#found.get(name) ?? this.#find(reference, name);
    this.#found.set(name, found);
    return found;
  }

  /**
   * The image of an OCI layout: by digest, by tag, `latest`, or the only one there is.
   * Errors: STEPS_LAYOUT, STEPS_NO_PLATFORM, STORE_*, OCI_*.
   */
  layout(path: string, wanted: LayoutImage, platform: Platform): Promise<ResolvedImage> {
    const name = layoutName(path, wanted);
    return this.#once(`${name} ${formatFullPlatform(platform)}`, async () => {
      const descriptor = chooseFromLayout(await readLayoutIndex(path), wanted, name, platform);
      return this.#image(name, descriptor, { kind: "layout", path }, platform);
    });
  }

  #once(key: string, resolve: () => Promise<ResolvedImage>): Promise<ResolvedImage> {
    const known = this.#resolved.get(key) ?? resolve();
    this.#resolved.set(key, known);
    return known;
  }

  async #find(reference: Reference, name: string): Promise<Found> {
    const known = this.#pull === "always" ? undefined : await this.#known(reference, name);
    if (known !== undefined && this.#pull !== "newer") return known;
    if (this.#pull === "never")
      throw new TsbuildError("STEPS_NOT_PULLED", `${name} is not in the store`, {
        hint: "Without --pull=never it would be looked for at its registry.",
      });
    try {
      return await this.#pulled(reference, name);
    } catch (error) {
      this.#signal.throwIfAborted();
      if (known === undefined) throw error;
      return known;
    }
  }

  /** What a name meant when it was last built or pulled. */
  async #known(reference: Reference, name: string): Promise<Found | undefined> {
    const { store } = this.#rooms;
    const built = await store.images.get(name);
    if (built !== undefined) return { descriptor: built, origin: { kind: "store" } };
    const pulled: Table<Pulled> = store.table<Pulled>(pulledTable);
    const before = pulled.get(name);
    if (before === undefined) return this.#builtAsLocalhost(reference);
    if (Date.now() - (before.lastUsedAt ?? 0) > usedGrain)
      await pulled.put(name, { ...before, lastUsedAt: Date.now() });
    return { descriptor: before.descriptor, origin: { kind: "registry", reference: name } };
  }

  /** `NAME` when `localhost/NAME` was built, which is how Podman and Buildah call it, or the other way round. */
  async #builtAsLocalhost({ domain, path, ...rest }: Reference): Promise<Found | undefined> {
    const short = /^library\/([^/]+)$/.exec(path)?.[1];
    const twin =
      domain === "localhost"
        ? { ...rest, domain: "docker.io", path: path.includes("/") ? path : `library/${path}` }
        : domain === "docker.io" && short !== undefined
          ? { ...rest, domain: "localhost", path: short }
          : undefined;
    const built =
      twin === undefined ? undefined : await this.#rooms.store.images.get(formatReference(twin));
    return built === undefined ? undefined : { descriptor: built, origin: { kind: "store" } };
  }

  async #pulled(reference: Reference, name: string): Promise<Found> {
    const { store, registry } = this.#rooms;
    const client = await registry();
    const found = await client.resolve(reference, { signal: this.#signal });
    const descriptor = await this.#measured(client, reference, found);
    await store.table<Pulled>(pulledTable).put(name, { descriptor, lastUsedAt: Date.now() });
    return { descriptor, origin: { kind: "registry", reference: name } };
  }

  /** With the size that the document has: some registries tell another one before they send it. */
  async #measured(
    client: RegistryClient,
    reference: Reference,
    found: Descriptor,
  ): Promise<Descriptor> {
    const { blobs } = this.#rooms.store;
    const { digest, size } = found;
    if (await blobs.has(digest, size)) return found;
    const { bytes, descriptor } = await client.manifest(
      { ...reference, digest },
      { signal: this.#signal },
    );
    await blobs.writeBytes(bytes, { expected: { digest } });
    return descriptor;
  }

  async #image(
    reference: string,
    top: Descriptor,
    origin: ImageOrigin,
    platform: Platform,
  ): Promise<ResolvedImage> {
    const descriptor = isIndexType(top.mediaType)
      ? await this.#choose(reference, top, origin, platform)
      : top;
    const manifest = parseManifest(await this.#document(origin, descriptor), descriptor.mediaType);
    const config = parseImageConfig(await this.#document(origin, manifest.config));
    checkLayerCount(manifest, config);
    // Layers are asked for much later, and those of an image that only the store has cannot be fetched again.
    await this.#rooms.store.hold((protect) => {
      protect(...manifest.layers.map(({ digest }) => digest));
    });
    return { reference, manifest: descriptor, layers: manifest.layers, config, origin };
  }

  async #choose(
    reference: string,
    top: Descriptor,
    origin: ImageOrigin,
    platform: Platform,
    depth = 1,
  ): Promise<Descriptor> {
    checkIndexDepth(reference, depth);
    const index: ImageIndex = parseIndex(await this.#document(origin, top), top.mediaType);
    const chosen = choosePlatform(index, platform);
    if (chosen === undefined)
      throw new TsbuildError(
        "STEPS_NO_PLATFORM",
        `${reference}: no image for ${formatPlatform(platform)}`,
        {
          details: { available: platformsOf(index) },
          hint: `It is there for: ${platformsOf(index).join(", ")}.`,
        },
      );
    return isIndexType(chosen.mediaType)
      ? this.#choose(reference, chosen, origin, platform, depth + 1)
      : chosen;
  }

  /** A small document of an image, by way of the store. */
  async #document(origin: ImageOrigin, descriptor: Descriptor): Promise<Uint8Array> {
    const { store, registry } = this.#rooms;
    const { mediaType } = descriptor;
    // A registry has manifests and indexes in another place than blobs.
    const isDocument = isManifestType(mediaType) || isIndexType(mediaType);
    if (
      origin.kind === "registry" &&
      isDocument &&
      !(await store.blobs.has(descriptor.digest, descriptor.size))
    ) {
      const reference = parseReference(origin.reference);
      const client = await registry();
      const { bytes } = await client.manifest(
        { ...reference, digest: descriptor.digest },
        { signal: this.#signal },
      );
      await store.blobs.writeBytes(bytes, { expected: { digest: descriptor.digest } });
      return bytes;
    }
    checkDocumentSize(descriptor);
    await fetchBlob(this.#rooms, origin, descriptor, this.#signal);
    return store.blobs.read(descriptor, ociLimits.configBytes);
  }
}

const { refName } = annotationNames;

function layoutName(path: string, { tag, digest }: LayoutImage): string {
  const suffix = (tag === undefined ? "" : `:${tag}`) + (digest === undefined ? "" : `@${digest}`);
  return `oci-layout://${path}${suffix}`;
}

function nameOf({ annotations }: Descriptor): string {
  return annotations?.[refName] ?? "";
}

function noSuchImage({ manifests }: ImageIndex, name: string): TsbuildError {
  return new TsbuildError("STEPS_LAYOUT", `${name}: no such image in the layout`, {
    hint: `It has: ${manifests.map((descriptor) => nameOf(descriptor) || descriptor.digest).join(", ")}.`,
  });
}

/** One entry, or several of one name, which are the same image for several platforms. `name`: for errors. Errors: STEPS_LAYOUT. */
export function layoutEntries(
  index: ImageIndex,
  { tag, digest }: LayoutImage,
  name: string,
): readonly Descriptor[] {
  const { manifests } = index;
  const named = (wanted: string): Descriptor[] =>
    manifests.filter(
      (descriptor) => nameOf(descriptor) === wanted || nameOf(descriptor).endsWith(`:${wanted}`),
    );
  const entries =
    digest !== undefined
      ? manifests.filter((descriptor) => descriptor.digest === digest)
      : tag !== undefined
        ? named(tag)
        : named("latest").length > 0
          ? named("latest")
          : manifests;
  if (new Set(entries.map(nameOf)).size === 1) return entries;
  throw noSuchImage(index, name);
}

function chooseFromLayout(
  index: ImageIndex,
  wanted: LayoutImage,
  name: string,
  platform: Platform,
): Descriptor {
  const entries = layoutEntries(index, wanted, name);
  const found =
    entries.length === 1 ? entries[0] : choosePlatform({ ...index, manifests: entries }, platform);
  if (found === undefined) throw noSuchImage(index, name);
  return found;
}
