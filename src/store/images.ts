// SPDX-License-Identifier: Apache-2.0
// The list of named images: index.json of the OCI layout in the store. Other tools may write to it too, so entries and
// fields that are not ours stay as they are.

import { statSync } from "node:fs";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { TsbuildError, errnoOf, isRecord, readSmallFile } from "../base/index.js";
import {
  annotationNames,
  isIndexType,
  isManifestType,
  parseDescriptor,
  type Descriptor,
  type Digest,
} from "../oci/index.js";
import { syncDirectory } from "./blobs.js";
import { storeError } from "./errors.js";
import { indexText, markLayout, type RootPaths } from "./root.js";
import type { TempSpace } from "./temp.js";
import type { ImageStore, NamedImage } from "./types.js";

const { refName, imageName } = annotationNames;
const maxIndex = 64 * 1024 * 1024;

type Fields = Record<string, unknown>;

interface IndexFile {
  readonly fields: Fields;
  readonly manifests: readonly unknown[];
  /** It is there, but no index: its names are lost. */
  readonly damaged: boolean;
}

/** The full name of an entry: containerd's annotation, or a ref.name that is one. */
function nameOf(entry: unknown): string | undefined {
  const annotations = isRecord(entry) ? entry["annotations"] : undefined;
  if (!isRecord(annotations)) return undefined;
  for (const key of [imageName, refName]) {
    const name = annotations[key];
    if (typeof name === "string" && name.includes("/")) return name;
  }
  return undefined;
}

/** What an image that is kept without a name looks like. Other tools may have put it there. */
function isUnnamed(entry: unknown): boolean {
  if (!isRecord(entry)) return false;
  const { annotations, mediaType } = entry;
  const known =
    typeof mediaType === "string" && (isManifestType(mediaType) || isIndexType(mediaType));
  const named = isRecord(annotations) && (refName in annotations || imageName in annotations);
  return known && !named && entry["artifactType"] === undefined;
}

function digestOf(entry: unknown): unknown {
  return isRecord(entry) ? entry["digest"] : undefined;
}

/** The entry as others get it: the name's annotations are the index's business, not the image's. */
function withoutName(descriptor: Descriptor): Descriptor {
  const { annotations, ...rest } = descriptor;
  const kept = Object.entries(annotations ?? {}).filter(([k]) => k !== refName && k !== imageName);
  return kept.length === 0 ? rest : { ...rest, annotations: Object.fromEntries(kept) };
}

export interface ImageFileOptions {
  readonly paths: RootPaths;
  readonly temp: TempSpace;
  readonly lock: (signal: AbortSignal | undefined) => Promise<AsyncDisposable>;
  /** Makes blobs durable before an index speaks of them. */
  readonly syncBlobs: (digests: readonly Digest[]) => Promise<void>;
  readonly warn: (message: string) => void;
}

export class IndexImageStore implements ImageStore {
  readonly #options: ImageFileOptions;

  constructor(options: ImageFileOptions) {
    this.#options = options;
  }

  async #load(): Promise<IndexFile> {
    const path = this.#options.paths.index;
    let text: string;
    try {
      const bytes = await readSmallFile(path, maxIndex);
      if (bytes === "too large")
        throw new TsbuildError("STORE_LIMIT", `${path} has more than ${maxIndex} bytes`);
      if (bytes === "not regular")
        throw new TsbuildError("STORE_IO", `${path} is not a regular file`, { details: { path } });
      text = bytes.toString("utf8");
    } catch (error) {
      if (errnoOf(error) === "ENOENT") return { fields: {}, manifests: [], damaged: false };
      throw storeError(error, "read the list of images", path);
    }
    try {
      const fields: unknown = JSON.parse(text);
      if (isRecord(fields) && (Array.isArray(fields["manifests"]) || fields["manifests"] === null))
        return { fields, manifests: fields["manifests"] ?? [], damaged: false };
    } catch {
      // Not JSON: treated like any other text that is no index.
    }
    this.#options.warn(`${path} is damaged: the names of the images in it are lost`);
    return { fields: {}, manifests: [], damaged: true };
  }

  async #save(file: Pick<IndexFile, "fields" | "manifests">): Promise<void> {
    const { paths, temp } = this.#options;
    const temporary = await temp.file();
    try {
      await using handle = await open(temporary, "wx", 0o644);
      await handle.writeFile(indexText(file.fields, file.manifests));
      await handle.sync();
      await rename(temporary, paths.index);
      await syncDirectory(dirname(paths.index));
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => undefined);
      throw storeError(error, "write the list of images", paths.index);
    }
  }

  async #change(
    signal: AbortSignal | undefined,
    edit: (manifests: readonly unknown[]) => readonly unknown[] | undefined,
  ): Promise<void> {
    await using _lock = await this.#options.lock(signal);
    const file = await this.#load();
    if (file.damaged) await this.#setAside();
    this.#markLayout();
    const manifests = edit(file.manifests);
    // Undefined: everything is as it should be.
    if (manifests !== undefined) await this.#save({ fields: file.fields, manifests });
  }

  #markLayout(): void {
    const { paths } = this.#options;
    try {
      markLayout(paths);
    } catch (error) {
      throw storeError(error, "mark the layout of the store", paths.layout);
    }
  }

  async #setAside(): Promise<void> {
    const { paths } = this.#options;
    try {
      await mkdir(paths.corrupt, { recursive: true, mode: 0o700 });
      await rename(paths.index, join(paths.corrupt, "index.json"));
    } catch (error) {
      throw storeError(error, "set the damaged list of images aside", paths.index);
    }
  }

  async list(): Promise<NamedImage[]> {
    const { manifests } = await this.#load();
    return manifests.flatMap((entry): NamedImage[] => {
      const name = nameOf(entry);
      if (name === undefined) return [];
      return this.#descriptor(entry, name).map((descriptor) => ({
        name,
        descriptor: withoutName(descriptor),
      }));
    });
  }

  /** Nothing when the entry is damaged. */
  #descriptor(entry: unknown, name: string): Descriptor[] {
    try {
      return [parseDescriptor(entry)];
    } catch (error) {
      this.#options.warn(`the entry ${name} of the list of images is damaged and was passed over`);
      if (error instanceof TsbuildError) return [];
      throw error;
    }
  }

  async unnamed(): Promise<Descriptor[]> {
    const { manifests } = await this.#load();
    const entries = manifests.filter(isUnnamed);
    const kept = new Map(
      entries
        .flatMap((entry) => this.#descriptor(entry, "without a name"))
        .map((descriptor) => [descriptor.digest, descriptor]),
    );
    for (const entry of manifests) if (!isUnnamed(entry)) kept.delete(digestOf(entry) as Digest);
    return [...kept.values()];
  }

  async keep(
    images: readonly Descriptor[],
    { blobs = [], signal }: Parameters<ImageStore["keep"]>[1] = {},
  ): Promise<void> {
    await this.#options.syncBlobs(blobs);
    await this.#change(signal, (manifests) => {
      const added = new Map(images.map((image): [unknown, Descriptor] => [image.digest, image]));
      for (const entry of manifests) if (isUnnamed(entry)) added.delete(digestOf(entry));
      return added.size === 0 ? undefined : [...manifests, ...added.values()];
    });
  }

  async release(images: readonly Digest[], signal?: AbortSignal): Promise<number> {
    const unwanted = new Set<unknown>(images);
    let released = 0;
    await this.#change(signal, (manifests) => {
      const left = manifests.filter((entry) => !isUnnamed(entry) || !unwanted.has(digestOf(entry)));
      released = manifests.length - left.length;
      return released === 0 ? undefined : left;
    });
    return released;
  }

  async roots(): Promise<{ descriptors: Descriptor[]; version: string }> {
    // Read before the list: a change in between makes the version old, never the list.
    const version = this.version();
    const { manifests, damaged } = await this.#load();
    if (damaged)
      throw new TsbuildError(
        "STORE_CORRUPT",
        "the list of images is damaged: what it named is unknown",
        {
          hint: "name an image again (tsbuild -t NAME ...) to begin a new list, then repeat the command",
          details: { path: this.#options.paths.index },
        },
      );
    const descriptors = manifests.flatMap((entry): Descriptor[] => {
      try {
        return [parseDescriptor(entry)];
      } catch (error) {
        // What is no descriptor points at nothing.
        if (error instanceof TsbuildError) return [];
        throw error;
      }
    });
    return { descriptors, version };
  }

  /** Changes with every change of the index. Synchronous, for use where nothing may happen in between. */
  version(): string {
    const found = statSync(this.#options.paths.index, { bigint: true, throwIfNoEntry: false });
    return found === undefined ? "" : [found.ino, found.size, found.mtimeNs].join(" ");
  }

  async get(name: string): Promise<Descriptor | undefined> {
    return (await this.list()).findLast((image) => image.name === name)?.descriptor;
  }

  async set(
    images: readonly NamedImage[],
    { blobs = [], signal }: Parameters<ImageStore["set"]>[1] = {},
  ): Promise<void> {
    if (images.length === 0) return;
    const names = new Set(images.map((image) => image.name));
    const entries = images.map(({ name, descriptor }) => ({
      ...descriptor,
      annotations: { ...descriptor.annotations, [refName]: name, [imageName]: name },
    }));
    await this.#options.syncBlobs(blobs);
    await this.#change(signal, (manifests) => {
      const named = manifests.filter((entry) => names.has(nameOf(entry) ?? ""));
      if (JSON.stringify(named) === JSON.stringify(entries)) return undefined;
      return [...manifests.filter((entry) => !names.has(nameOf(entry) ?? "")), ...entries];
    });
  }

  async remove(names: readonly string[], signal?: AbortSignal): Promise<number> {
    const unwanted = new Set(names);
    let removed = 0;
    await this.#change(signal, (manifests) => {
      const kept = manifests.filter((entry) => !unwanted.has(nameOf(entry) ?? ""));
      removed = manifests.length - kept.length;
      return kept;
    });
    return removed;
  }
}
