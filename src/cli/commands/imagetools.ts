// SPDX-License-Identifier: Apache-2.0
// `tsbuild imagetools create` and `inspect`, with docker buildx's flags.

import { readFileSync } from "node:fs";
import { messageOf, printable, printableJson } from "../../base/index.js";
import { createIndex } from "../../build/imagetools/create.js";
import {
  withRemoteImage,
  type Predicate,
  type RemoteEntry,
  type RemoteImage,
} from "../../build/imagetools/inspect.js";
import type { RemoteRequest } from "../../build/imagetools/place.js";
import { asksFor, fillGoTemplate } from "../go-template.js";
import { withInterruption } from "../interruption.js";
import { parseTruth, withAuthFile } from "../options/image-flags.js";
import { given, usageError } from "../options/values.js";
import { createProgress, type ProgressKind } from "../progress/create.js";
import { writeResultFile } from "./result-files.js";
import type { RegistryFlags } from "./transfer.js";

export type CreateFlags = RegistryFlags & {
  readonly tag: readonly string[];
  readonly file: readonly string[];
  readonly annotation: readonly string[];
  readonly platform: readonly string[];
  readonly append?: boolean;
  readonly dryRun?: boolean;
  readonly preferIndex: string;
  readonly metadataFile?: string;
  readonly progress: ProgressKind;
};

export type InspectFlags = RegistryFlags & {
  readonly raw?: boolean;
  readonly format?: string;
};

/** `tsbuild imagetools create [SOURCE...]`. */
export async function createCommand(sources: readonly string[], flags: CreateFlags): Promise<void> {
  const progress = createProgress(flags.progress);
  try {
    const created = await withInterruption((signal) =>
      createIndex({
        ...remote(flags, signal),
        events: progress.sink,
        sources: [...flags.file.map(readSource), ...sources],
        tags: flags.tag,
        append: flags.append ?? false,
        dryRun: flags.dryRun ?? false,
        preferIndex: parseTruth("--prefer-index", flags.preferIndex),
        annotations: flags.annotation,
        platforms: flags.platform,
      }),
    );
    progress.close();
    const { descriptor, bytes, names, homes } = created;
    if (flags.dryRun === true) process.stdout.write(`${shown(bytes)}\n`);
    else process.stdout.write(names.map((name) => `${name}@${descriptor.digest}\n`).join(""));
    const metadataFile = given(flags.metadataFile);
    if (metadataFile !== undefined && flags.dryRun !== true)
      await writeResultFile(
        "--metadata-file",
        metadataFile,
        `${JSON.stringify({ "containerimage.descriptor": descriptor, "image.name": homes.join(",") }, undefined, 2)}\n`,
      );
  } finally {
    progress.close();
  }
}

/** `tsbuild imagetools inspect NAME`. */
export async function inspectRemoteCommand(image: string, flags: InspectFlags): Promise<void> {
  const { raw = false, format } = flags;
  if (raw && format !== undefined)
    throw usageError("--format", format, "--raw shows the document as it is");
  const text = await withInterruption((signal) =>
    withRemoteImage({ ...remote(flags, signal), events: warnings, image }, async (found) => {
      if (raw) return found.bytes;
      return format === undefined || /^\s*\{\{\s*\.Manifest\s*\}\}\s*$/.test(format)
        ? summary(found)
        : `${fillGoTemplate(format, await detailsOf(found, format))}\n`;
    }),
  );
  process.stdout.write(text);
}

function remote(flags: RegistryFlags, signal: AbortSignal): Omit<RemoteRequest, "events"> {
  return {
    cwd: process.cwd(),
    insecure: flags.insecure ?? false,
    env: withAuthFile(flags, process.env),
    signal,
  };
}

const warnings: RemoteRequest["events"] = (event) => {
  if (event.kind === "warning") process.stderr.write(`warning: ${printable(event.message)}\n`);
};

function readSource(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw usageError("--file", path, messageOf(error));
  }
}

function shown(bytes: Uint8Array): string {
  return printableJson(JSON.parse(Buffer.from(bytes).toString("utf8")), 2);
}

function summary({ name, descriptor, entries }: RemoteImage): string {
  const lines = [
    `Name:      ${name}`,
    `MediaType: ${descriptor.mediaType}`,
    `Digest:    ${descriptor.digest}`,
    ...(entries.length === 0 ? [] : ["", "Manifests:"]),
    ...entries.flatMap((entry, i) => [...(i === 0 ? [] : [""]), ...entryLines(entry)]),
  ];
  return `${lines.map((line) => printable(line)).join("\n")}\n`;
}

function entryLines({ name, descriptor, platform }: RemoteEntry): string[] {
  const annotations = Object.entries(descriptor.annotations ?? {});
  return [
    `  Name:        ${name}`,
    `  MediaType:   ${descriptor.mediaType}`,
    ...(platform === undefined ? [] : [`  Platform:    ${platform}`]),
    ...(annotations.length === 0 ? [] : ["  Annotations:"]),
    ...annotations.map(([key, value]) => `    ${key}: ${value}`),
  ];
}

/** What templates speak of; of several platforms, a map of each. Only what the template asks for is fetched. */
async function detailsOf(image: RemoteImage, template: string): Promise<Record<string, unknown>> {
  const { name, descriptor, document } = image;
  const isWhole = /\{\{-?\s*(?:json\s+)?\.\s*-?\}\}/.test(template);
  const asked = (field: string): boolean => isWhole || asksFor(template, field);
  const { digest, size } = descriptor;
  const details: Record<string, unknown> = {
    name,
    manifest: document.kind === "index" ? { ...document.index, digest, size } : descriptor,
  };
  if (asked("Image")) details["image"] = oneOrAll(await image.configs());
  if (asksFor(template, "Provenance") || asksFor(template, "SBOM")) {
    const predicates = await image.predicates();
    const of = (name: string, test: RegExp): unknown =>
      oneOrAll(
        new Map(
          [...predicates].flatMap(([platform, all]) => {
            const found = all.find(({ type }: Predicate) => test.test(type));
            return found === undefined ? [] : [[platform, { [name]: found.content }]];
          }),
        ),
      );
    details["provenance"] = of("SLSA", /^https:\/\/slsa\.dev\/provenance\//);
    details["sbom"] = of("SPDX", /^https:\/\/spdx\.dev\/Document/);
  }
  return details;
}

function oneOrAll<T>(byPlatform: ReadonlyMap<string, T>): unknown {
  const [first] = byPlatform.values();
  return byPlatform.size <= 1 ? (first ?? {}) : Object.fromEntries(byPlatform);
}
