// SPDX-License-Identifier: Apache-2.0
// `--all-platforms`: the platforms that every base image of a build is there for.

import { TsbuildError } from "../base/index.js";
import { formatPlatform, parsePlatform, type Platform } from "../oci/index.js";
import type { ResolvedImage } from "../plan/index.js";
import type { ImageResolver } from "../steps/index.js";

/**
 * Finds images for a plan that only tells which base images there are: any image of each will do. Once that plan is made, `platforms`
 * are those that all of them have. Errors of `platforms`: BUILD_NO_PLATFORMS.
 */
export class PlatformSurvey implements Pick<ImageResolver, "reference" | "layout"> {
  readonly #images: ImageResolver;
  readonly #offered = new Map<string, readonly string[]>();

  constructor(images: ImageResolver) {
    this.#images = images;
  }

  async reference(text: string, platform: Platform): Promise<ResolvedImage> {
    const found = await this.#images.platforms(text);
    this.#offered.set(text, found);
    return this.#images.reference(text, oneOf(found, platform));
  }

  async layout(
    path: string,
    wanted: Parameters<ImageResolver["layout"]>[1],
    platform: Platform,
  ): Promise<ResolvedImage> {
    const found = await this.#images.layoutPlatforms(path, wanted);
    const image = await this.#images.layout(path, wanted, oneOf(found, platform));
    this.#offered.set(image.reference, found);
    return image;
  }

  platforms(): readonly [Platform, ...Platform[]] {
    const [first = [], ...others] = this.#offered.values();
    const [one, ...more] = first
      .filter((platform) => others.every((list) => list.includes(platform)))
      .toSorted()
      .map(parsePlatform);
    if (one !== undefined) return [one, ...more];
    throw new TsbuildError(
      "BUILD_NO_PLATFORMS",
      this.#offered.size === 0
        ? "--all-platforms asks base images for their platforms, and this build has none"
        : `the base images have no platform in common (${[...this.#offered].map(([name, list]) => `${name}: ${list.join(", ")}`).join("; ")})`,
      { hint: "Say which ones with --platform." },
    );
  }
}

function oneOf(found: readonly string[], wanted: Platform): Platform {
  const [first] = found;
  return first === undefined || found.includes(formatPlatform(wanted))
    ? wanted
    : parsePlatform(first);
}
