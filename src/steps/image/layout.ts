// SPDX-License-Identifier: Apache-2.0
// Images of an OCI layout, as its index names them.

import { TsbuildError } from "../../base/index.js";
import {
  annotationNames,
  choosePlatform,
  type Descriptor,
  type ImageIndex,
  type Platform,
} from "../../oci/index.js";

/** Which image of an OCI layout. */
export interface LayoutImage {
  readonly tag?: string;
  readonly digest?: string;
}

const { refName } = annotationNames;

export function layoutName(path: string, { tag, digest }: LayoutImage): string {
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

export function chooseFromLayout(
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
