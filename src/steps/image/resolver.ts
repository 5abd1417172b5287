// SPDX-License-Identifier: Apache-2.0
// From what a Dockerfile calls a base image to the image for a platform: manifest and configuration are in the store then,
// layers not yet.

import { formatFullPlatform, type Platform } from "../../oci/index.js";
import type { ResolvedImage } from "../../plan/index.js";
import { readLayoutIndex } from "../../store/index.js";
import { ImageDocuments } from "./documents.js";
import { chooseFromLayout, layoutEntries, layoutName, type LayoutImage } from "./layout.js";
import { ImageNames, type ImageRooms, type Meant, type NameOptions } from "./names.js";

/** Finds base images. One per build, so that each name is asked for once. Disposing ends what is still being asked for. */
export class ImageResolver implements AsyncDisposable {
  readonly #ending = new AbortController();
  readonly #names: ImageNames;
  readonly #documents: ImageDocuments;
  readonly #resolved = new Map<string, Promise<ResolvedImage>>();

  constructor(rooms: ImageRooms, options: NameOptions) {
    const signal = AbortSignal.any([options.signal, this.#ending.signal]);
    this.#names = new ImageNames(rooms, { ...options, signal });
    this.#documents = new ImageDocuments(rooms, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await Promise.allSettled([this.#names.settled(), ...this.#resolved.values()]);
  }

  /**
   * The image that a reference means for a platform; an image of the store by its id, or by 12 digits of it or more: what is shorter
   * looks like a name.
   * Errors: OCI_REFERENCE, STEPS_NO_PLATFORM, STEPS_NOT_PULLED, REGISTRY_*, STORE_*, POLICY_*.
   */
  reference(text: string, platform: Platform): Promise<ResolvedImage> {
    return this.#once(`${text} ${formatFullPlatform(platform)}`, async () =>
      this.#imageFor(await this.#names.meant(text), platform),
    );
  }

  /** The image of the store whose id begins so; undefined: there is none. Errors: those of `reference`. */
  async stored(text: string, platform: Platform): Promise<ResolvedImage | undefined> {
    const meant = await this.#names.byId(text);
    return meant === undefined ? undefined : this.#imageFor(meant, platform);
  }

  /** The platforms that a reference has images for, formatted. Errors: those of `reference`. */
  async platforms(text: string): Promise<readonly string[]> {
    return this.#documents.platforms(await this.#names.meant(text));
  }

  /**
   * The image of an OCI layout: by digest, by tag, `latest`, or the only one there is.
   * Errors: STEPS_LAYOUT, STEPS_NO_PLATFORM, STORE_*, OCI_*.
   */
  layout(path: string, wanted: LayoutImage, platform: Platform): Promise<ResolvedImage> {
    const shown = layoutName(path, wanted);
    return this.#once(`${shown} ${formatFullPlatform(platform)}`, async () => {
      const descriptor = chooseFromLayout(await readLayoutIndex(path), wanted, shown, platform);
      return this.#documents.image(
        { shown, descriptor, origin: { kind: "layout", path } },
        platform,
      );
    });
  }

  /** The platforms of an image of an OCI layout. Errors: those of `layout`. */
  async layoutPlatforms(path: string, wanted: LayoutImage): Promise<readonly string[]> {
    const entries = layoutEntries(await readLayoutIndex(path), wanted, layoutName(path, wanted));
    const origin = { kind: "layout", path } as const;
    const found = await Promise.all(
      entries.map((descriptor) => this.#documents.platforms({ descriptor, origin })),
    );
    return [...new Set(found.flat())];
  }

  #imageFor(meant: Meant, platform: Platform): Promise<ResolvedImage> {
    const { shown, descriptor } = meant;
    const key = `${shown} ${descriptor.digest} ${formatFullPlatform(platform)}`;
    return this.#once(key, () => this.#documents.image(meant, platform));
  }

  #once(key: string, resolve: () => Promise<ResolvedImage>): Promise<ResolvedImage> {
    const known = this.#resolved.get(key) ?? resolve();
    this.#resolved.set(key, known);
    return known;
  }
}
