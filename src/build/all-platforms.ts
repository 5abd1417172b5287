// SPDX-License-Identifier: Apache-2.0
// `--all-platforms`: the platforms that every base image of a build is there for.

import { TsbuildError } from "../base/index.js";
import { formatPlatform, parsePlatform, type Platform } from "../oci/index.js";
import type { PlanEnvironment } from "../plan/index.js";
import type { ImageResolver } from "../steps/index.js";

/**
 * The environment of a plan that only tells which base images there are, and the platforms that they have in common, once
 * that plan is made. Errors of `platforms`: BUILD_NO_PLATFORMS.
 */
export function platformSurvey(
  environment: PlanEnvironment,
  images: ImageResolver,
): {
  readonly environment: PlanEnvironment;
  readonly platforms: () => readonly [Platform, ...Platform[]];
} {
  const offered = new Map<string, readonly string[]>();
  const platforms = (): readonly [Platform, ...Platform[]] => {
    const [first = [], ...others] = offered.values();
    const [one, ...more] = first
      .filter((platform) => others.every((list) => list.includes(platform)))
      .toSorted()
      .map(parsePlatform);
    if (one !== undefined) return [one, ...more];
    throw new TsbuildError(
      "BUILD_NO_PLATFORMS",
      offered.size === 0
        ? "--all-platforms asks base images for their platforms, and this build has none"
        : `the base images have no platform in common (${[...offered].map(([name, list]) => `${name}: ${list.join(", ")}`).join("; ")})`,
      { hint: "Say which ones with --platform." },
    );
  };
  return {
    platforms,
    environment: {
      ...environment,
      async resolveImage(reference, platform) {
        const found = await images.platforms(reference);
        offered.set(reference, found);
        const wanted = formatPlatform(platform);
        // For the survey any image will do.
        return environment.resolveImage(
          reference,
          found.includes(wanted) ? platform : parsePlatform(found[0] ?? wanted),
        );
      },
    },
  };
}
