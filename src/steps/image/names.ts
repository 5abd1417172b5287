// SPDX-License-Identifier: Apache-2.0
// What a base image's name means: looked up in the store, in what was pulled before, or at its registry.

import { TsbuildError } from "../../base/index.js";
import {
  familiarReference,
  formatReference,
  parseReference,
  wholeId,
  withDefaultTag,
  type Descriptor,
  type Reference,
} from "../../oci/index.js";
import type { ImageOrigin } from "../../plan/index.js";
import type { SourcePolicy } from "../../policy/index.js";
import type { RegistryClient } from "../../registry/index.js";
import type { Table } from "../../store/index.js";
import type { StepServices } from "../services.js";
import { imageOfId } from "./stored.js";

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

/** The top of an image, and where the rest of it is. */
export interface Found {
  readonly descriptor: Descriptor;
  readonly origin: ImageOrigin;
}

/** What somebody named; `shown`: as messages call it. */
export interface Meant extends Found {
  readonly shown: string;
}

export type ImageRooms = Pick<StepServices, "store" | "registry">;

export interface NameOptions {
  readonly pull: PullPolicy;
  /** Which images may be had by name. */
  readonly policy?: SourcePolicy;
  readonly signal: AbortSignal;
}

/** Finds what names mean. One per build, so that each name is asked for once. */
export class ImageNames {
  readonly #rooms: ImageRooms;
  readonly #signal: AbortSignal;
  readonly #pull: PullPolicy;
  readonly #policy: SourcePolicy | undefined;
  readonly #found = new Map<string, Promise<Found>>();

  constructor(rooms: ImageRooms, { pull, policy, signal }: NameOptions) {
    this.#rooms = rooms;
    this.#pull = pull;
    this.#policy = policy;
    this.#signal = signal;
  }

  /** Resolves when nothing is asked for any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#found.values());
  }

  /** Errors: OCI_REFERENCE, STEPS_NOT_PULLED, REGISTRY_*, STORE_*, POLICY_*. */
  async meant(text: string): Promise<Meant> {
    const id = wholeId(text);
    const stored =
      id !== undefined || /^[0-9a-f]{12,}$/.test(text) ? await this.byId(text) : undefined;
    if (stored !== undefined) return stored;
    if (id !== undefined)
      throw new TsbuildError("STEPS_NOT_PULLED", `no image in the store has the id ${id}`, {
        hint: "No registry knows images by their ids. `tsbuild images` lists those of the store.",
      });
    const { reference, found } = await this.#allowed(withDefaultTag(parseReference(text)));
    return { shown: familiarReference(reference), ...found };
  }

  /** An image of the store by its id. The policy is asked by a name that the image has. */
  async byId(text: string): Promise<Meant | undefined> {
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
      return { shown: familiarReference(reference), ...found };
    }
    const shown = name === undefined ? id : familiarReference(known);
    return { shown, descriptor, origin: { kind: "store" } };
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
}
