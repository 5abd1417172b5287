// SPDX-License-Identifier: Apache-2.0
// What is told of a result: the id of its image, and --metadata-file, with the keys that docker buildx writes.

import { defined, parseBoolean, type BuildEvent, type EventSink } from "../../base/index.js";
import type { BuildRecord, BuildRequest, BuildResult } from "../../build.js";
import { placesOf } from "./describe-json.js";

export function metadataOf({
  images: [first],
  index,
  names,
  outputs,
  record,
}: BuildResult): Record<string, unknown> {
  // An output that changes the manifest (annotations) tells its own descriptor.
  const descriptor =
    outputs.find((output) => output.descriptor !== undefined)?.descriptor ??
    index ??
    first?.manifest;
  return {
    ...(record === undefined ? {} : recordFields(record)),
    ...(first === undefined || index !== undefined
      ? {}
      : { "containerimage.config.digest": first.config.digest }),
    ...(descriptor === undefined
      ? {}
      : { "containerimage.descriptor": descriptor, "containerimage.digest": descriptor.digest }),
    ...(names.length === 0 ? {} : { "image.name": names.join(",") }),
  };
}

/** The provenance under its platform, where there are several. The reference has the form of a builder's, a node's and a build's name. */
function recordFields({ id, provenance }: BuildRecord): Record<string, unknown> {
  const several = provenance.size > 1;
  const fields: Record<string, unknown> = {};
  for (const [platform, document] of provenance)
    fields[`buildx.build.provenance${several ? `/${platform}` : ""}`] = document;
  return { ...fields, "buildx.build.ref": `tsbuild/tsbuild/${id}` };
}

/** What a build with --metadata-file tells of itself: with a provenance as BUILDX_METADATA_PROVENANCE says, `min`, `max` or `disabled`. */
export function recordWanted(
  metadataFile: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Pick<BuildRequest, "record"> {
  const mode = env["BUILDX_METADATA_PROVENANCE"];
  if (metadataFile === undefined) return {};
  if (mode === "disabled" || mode === "false") return { record: "id" };
  return { record: mode === "max" ? "max" : "min" };
}

/** The digest of the configuration; of the index when there are several platforms. */
export function idOf({ images, index, outputs }: BuildResult): string | undefined {
  if (index === undefined) return images[0]?.config.digest;
  // With annotations of an output, it is another index.
  return outputs.find(({ descriptor }) => descriptor !== undefined)?.descriptor?.digest;
}

/** What builds warned of, beside where their events go. */
export interface WarningRecord {
  /** A sink that keeps warnings, and hands everything on. */
  readonly note: (next: EventSink) => EventSink;
  /** For --metadata-file: nothing unless the environment asks for it (BUILDX_METADATA_WARNINGS) and there is something. */
  readonly metadata: (
    env: Readonly<Record<string, string | undefined>>,
  ) => Readonly<Record<string, unknown>>;
}

/** Keeps each warning once: builds of several targets may have the same. */
export function recordWarnings(): WarningRecord {
  const warnings = new Map<string, Warning>();
  const sources = new Map<string | undefined, number>();
  const keyOf = ({ location, ...said }: Warning): string => {
    const text = location?.text;
    const source = sources.get(text) ?? sources.size;
    sources.set(text, source);
    return JSON.stringify([said, location?.file, location?.range, source]);
  };
  return {
    note: (next) => (event) => {
      if (event.kind === "warning") warnings.set(keyOf(event), event);
      next(event);
    },
    metadata: (env) =>
      warnings.size > 0 && parseBoolean(env["BUILDX_METADATA_WARNINGS"] ?? "") === true
        ? { "buildx.build.warnings": documentsOf(warnings.values()) }
        : {},
  };
}

type Warning = Extract<BuildEvent, { kind: "warning" }>;

/** Characters of Dockerfiles in the documents of warnings: each has the whole file, which may be long, and have thousands of them. */
const mostSource = 4 * 1024 * 1024;

function documentsOf(warnings: Iterable<Warning>): unknown[] {
  const documents: unknown[] = [];
  let left = mostSource;
  for (const warning of warnings) {
    left -= warning.location?.text?.length ?? 0;
    documents.push(warningDocument(warning, left >= 0));
  }
  return documents;
}

/** As BuildKit's clients have them: texts in base64, lines counted from 1. */
function warningDocument(
  { message, rule, url, detail, location }: Warning,
  withSource: boolean,
): unknown {
  const encoded = (text: string): string => Buffer.from(text).toString("base64");
  const line = location === undefined ? "" : ` (line ${location.range.startLine})`;
  return {
    level: 1,
    short: encoded(rule === undefined ? message : `${rule}: ${message}${line}`),
    ...(detail === undefined ? {} : { detail: [encoded(detail)] }),
    ...defined({ url }),
    ...(location === undefined
      ? {}
      : {
          sourceInfo: {
            filename: location.file,
            ...(location.text === undefined || !withSource ? {} : { data: encoded(location.text) }),
            language: "Dockerfile",
          },
          range: placesOf(location.range),
        }),
  };
}
