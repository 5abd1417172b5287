// SPDX-License-Identifier: Apache-2.0
// `--build-context NAME=VALUE`: what each value means, and the name that FROM, COPY --from and mounts look it up by. Nothing is
// touched here: an unused context must never be opened.

import { resolve } from "node:path";
import { TsbuildError, defined, printable, redactUrl } from "../base/index.js";
import {
  formatPlatform,
  formatReference,
  parsePlatform,
  parseReference,
  withDefaultTag,
} from "../oci/index.js";
import { parseGitUrl } from "./git-url.js";
import type { NamedContext } from "./types.js";

/** The named contexts of a build, by normalised name. */
export type NamedContexts = ReadonlyMap<string, NamedContext>;

/** Parses `NAME=VALUE` flags; the last of several with one name counts. Throws CONTEXT_BAD_REFERENCE. */
export function parseBuildContexts(flags: readonly string[], cwd: string): NamedContexts {
  const contexts = new Map<string, NamedContext>();
  for (const flag of flags) {
    const equals = flag.indexOf("=");
    const name = flag.slice(0, Math.max(equals, 0));
    const value = flag.slice(equals + 1);
    if (equals < 0 || name === "" || value === "")
      throw new TsbuildError(
        "CONTEXT_BAD_REFERENCE",
        `--build-context ${redactUrl(flag)}: expected NAME=VALUE`,
        {
          hint: "for example app=../app, base=docker-image://debian:12 or base=oci-layout://DIR",
        },
      );
    if (!isContextName(name))
      throw new TsbuildError(
        "CONTEXT_BAD_REFERENCE",
        `--build-context: invalid context name ${printable(name)}`,
        { hint: "a name is that of a stage or of an image, with ::PLATFORM behind it or not" },
      );
    contexts.set(contextName(name), parseNamedContext(value, cwd));
  }
  return contexts;
}

/**
 * The named context for a name that a Dockerfile uses: the one for the platform (`name::linux/arm64`) before the plain one.
 */
export function findNamedContext(
  contexts: NamedContexts,
  name: string,
  platform?: string,
): NamedContext | undefined {
  const key = contextName(name);
  const exact =
    platform === undefined ? undefined : contexts.get(`${key}::${normalPlatform(platform)}`);
  return exact ?? contexts.get(key);
}

/**
 * Names that could be image references are compared as such, so that `alpine` and `docker.io/library/alpine:latest` are one
 * name; a platform after `::` is normalised; letter case does not count.
 */
function contextName(text: string): string {
  const marker = text.indexOf("::");
  const name = (marker < 0 ? text : text.slice(0, marker)).toLowerCase();
  const suffix = marker < 0 ? "" : `::${normalPlatform(text.slice(marker + 2))}`;
  try {
    return formatReference(withDefaultTag(parseReference(name))) + suffix;
  } catch (error) {
    // Not an image name (a stage may be called anything): compared as it stands.
    if (error instanceof TsbuildError) return name + suffix;
    throw error;
  }
}

/** What FROM, COPY --from and AS can say: a stage's name or an image's. */
function isContextName(text: string): boolean {
  const [name = ""] = text.toLowerCase().split("::");
  if (/^[a-z][a-z0-9_.-]*$/.test(name)) return true;
  try {
    parseReference(name);
    return true;
  } catch (error) {
    if (error instanceof TsbuildError) return false;
    throw error;
  }
}

function normalPlatform(text: string): string {
  return formatPlatform(parsePlatform(text));
}

/** What one value means. Throws CONTEXT_BAD_REFERENCE. */
export function parseNamedContext(value: string, cwd: string): NamedContext {
  const scheme = /^([a-z][a-z0-9+-]*):(\/\/)?/i.exec(value);
  switch (scheme?.[1]?.toLowerCase() ?? "") {
    case "docker-image":
      return { kind: "image", reference: required(value, /^docker-image:(?:\/\/)?/i) };
    // Buildah's words for the same.
    case "docker":
    case "container-image":
      return { kind: "image", reference: required(value, /^(?:docker|container-image):\/\//i) };
    case "oci-layout":
      return parseLayout(required(value, /^oci-layout:(?:\/\/)?/i), cwd);
    case "target":
      return { kind: "target", stage: required(value, /^target:/i) };
    default: {
      const git = parseGitUrl(value, { context: true });
      if (git !== undefined) return { kind: "git", source: git };
      if (/^https?:\/\//i.test(value)) return { kind: "http", url: value };
      if (scheme?.[2] !== undefined)
        throw new TsbuildError(
          "CONTEXT_BAD_REFERENCE",
          `unknown kind of build context: ${redactUrl(value)}`,
          {
            hint: "known are a directory, docker-image://, oci-layout://, https://, git URLs and target:STAGE",
          },
        );
      return { kind: "directory", path: resolve(cwd, value) };
    }
  }
}

function required(value: string, prefix: RegExp): string {
  const rest = value.replace(prefix, "");
  if (rest === "" || rest === value)
    throw new TsbuildError("CONTEXT_BAD_REFERENCE", `incomplete build context: ${value}`);
  return rest;
}

/** `DIR[:TAG][@DIGEST]`. A colon after the last slash begins a tag. */
function parseLayout(text: string, cwd: string): NamedContext {
  const match = /^(.*?)(?::([\w][\w.-]{0,127}))?(?:@([a-z0-9]+:[0-9a-f]+))?$/s.exec(text);
  const [, directory = "", tag, digest] = match ?? [];
  if (directory === "" || directory.includes("@"))
    throw new TsbuildError("CONTEXT_BAD_REFERENCE", `bad OCI layout: ${text}`, {
      hint: "write oci-layout://DIR, oci-layout://DIR:TAG or oci-layout://DIR@sha256:...",
    });
  return {
    kind: "oci-layout",
    directory: resolve(cwd, directory),
    ...defined({ tag, digest }),
  };
}
