// SPDX-License-Identifier: Apache-2.0
// Parses `-o`/`--output` and `--annotation` as buildx does.

import { TsbuildError, csvFields, printable } from "../base/index.js";
import { parsePlatform } from "../oci/index.js";
import type { Annotation, OutputSpec } from "./types.js";

/**
 * Parses one `-o`: `DIR` (a local tree), `-` (a tar on stdout), or `type=...,key=value,...`. Keys are lower-cased, except
 * what stands behind `annotation...`. Throws EXPORT_SYNTAX.
 */
export function parseOutput(text: string): OutputSpec {
  const refuse = (why: string, hint?: string): TsbuildError =>
    new TsbuildError("EXPORT_SYNTAX", `--output ${printable(text)}: ${why}`, hint ? { hint } : {});
  if (text === "") throw refuse("it is empty");
  const fields = csvFields(text);
  if (fields === undefined)
    throw refuse("a quote is out of place", 'quote a whole field that holds commas: "name=a,b"');
  // A directory of such a name has to be written ./dest=...
  if (fields.length === 1 && fields[0] === text && !/^(?:type|dest)=/.test(text))
    return text === "-"
      ? { type: "tar", attributes: { dest: "-" } }
      : { type: "local", attributes: { dest: text } };

  const attributes = new Map<string, string>();
  for (const field of fields) {
    const equals = field.indexOf("=");
    if (equals < 0) throw refuse(`"${printable(field)}" is not key=value`);
    const written = field.slice(0, equals).trim();
    const dot = written.startsWith("annotation") ? written.indexOf(".") : -1;
    const key =
      dot < 0 ? written.toLowerCase() : written.slice(0, dot).toLowerCase() + written.slice(dot);
    attributes.set(key, field.slice(equals + 1));
  }
  const type = attributes.get("type") ?? "";
  if (type === "") throw refuse("it has no type", "write for example type=oci,dest=image.tar");
  attributes.delete("type");
  return { type, attributes: Object.fromEntries(attributes) };
}

const levels = ["manifest", "manifest-descriptor", "index", "index-descriptor"] as const;

function parseLevel(text: string): Pick<Annotation, "level" | "platform"> | undefined {
  const match = /^([a-z-]+)(?:\[([^\]]+)\])?$/.exec(text.trim());
  const level = levels.find((name) => name === match?.[1]);
  if (match === null || level === undefined) return undefined;
  return { level, ...(match[2] === undefined ? {} : { platform: parsePlatform(match[2]) }) };
}

/** Parses `--annotation [LEVEL[PLATFORM],...:]KEY=VALUE`. Throws EXPORT_SYNTAX, OCI_PLATFORM. */
export function parseAnnotation(text: string): Annotation[] {
  const refuse = (why: string): TsbuildError =>
    new TsbuildError("EXPORT_SYNTAX", `--annotation ${printable(text)}: ${why}`, {
      hint: "write KEY=VALUE, or for example index,manifest[linux/amd64]:KEY=VALUE",
    });
  const equals = text.indexOf("=");
  if (equals <= 0) throw refuse("it is not KEY=VALUE");
  const value = text.slice(equals + 1);
  const left = text.slice(0, equals);
  const colon = left.indexOf(":");
  const key = left.slice(colon + 1);
  if (key === "") throw refuse("the key is empty");
  if (colon < 0) return [{ level: "manifest", key, value }];
  return left
    .slice(0, colon)
    .split(",")
    .map((word) => {
      const place = parseLevel(word);
      if (place === undefined) throw refuse(`"${printable(word)}" is no level`);
      return { ...place, key, value };
    });
}

/** An attribute `annotation[-level][[platform]].KEY`, or undefined when it is none. */
export function annotationAttribute(name: string, value: string): Annotation | undefined {
  const match = /^annotation(?:-([a-z-]+))?(\[[^\]]+\])?\.(.+)$/s.exec(name);
  if (match === null) return undefined;
  const [, level = "manifest", platform = "", key = ""] = match;
  const place = parseLevel(level + platform);
  return place === undefined ? undefined : { ...place, key, value };
}
