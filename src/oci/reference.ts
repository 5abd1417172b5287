// SPDX-License-Identifier: Apache-2.0
// Image names: the one parser for all of tsbuild, with Docker's rules (short names mean Docker Hub, one-word names its
// `library/`). The grammar is that of the distribution project's `reference` documentation.

import { TsbuildError, defined, printable } from "../base/index.js";
import { parseDigest } from "./digest.js";
import type { Digest } from "./types.js";

/** An image name in full: `domain/path[:tag][@digest]`. */
export interface Reference {
  /** Host, with a port where one was given: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly domain: string;
  /** Repository below the domain: `library/alpine`. */
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const defaultDomain = "docker.io";
const domainPattern =
  /^(?:(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])(?::[0-9]{1,5})?$/;
const componentPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^\w[\w.-]{0,127}$/;
const imageId = /^[a-f0-9]{64}$/;
const wholeIdPattern = /^(?:sha256:)?([a-f0-9]{64})$/;
const maxName = 255;
const maxText = 1024;

function refuse(text: string, why: string, hint?: string): TsbuildError {
  const shown = printable(text.length > 200 ? `${text.slice(0, 200)}...` : text);
  return new TsbuildError("OCI_REFERENCE", `invalid reference format: "${shown}": ${why}`, {
    ...defined({ hint }),
    details: { reference: shown },
  });
}

/** Splits `host/rest` from a name, as Docker does: a host has a dot, a colon or a capital letter, or is `localhost`. */
function splitDomain(name: string): { domain: string; path: string } {
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const isHost =
    slash > 0 && (/[.:]/.test(first) || first === "localhost" || first.toLowerCase() !== first);
  let domain = isHost ? first : defaultDomain;
  let path = isHost ? name.slice(slash + 1) : name;
  if (domain === "index.docker.io") domain = defaultDomain;
  if (domain === defaultDomain && !path.includes("/")) path = `library/${path}`;
  return { domain, path };
}

/**
 * Parses an image name as users write it. Nothing is added but the domain and `library/`: see {@link withDefaultTag}.
 * Throws OCI_REFERENCE, or OCI_DIGEST for a bad digest.
 */
export function parseReference(text: string): Reference {
  if (text === "") throw refuse(text, "it is empty");
  if (text.length > maxText) throw refuse(text, `it is longer than ${maxText} characters`);
  if (imageId.test(text)) throw refuse(text, "64 hexadecimal digits are an image id, not a name");

  const at = text.indexOf("@");
  const digest = at < 0 ? undefined : parseDigest(text.slice(at + 1));
  const named = at < 0 ? text : text.slice(0, at);
  const colon = named.lastIndexOf(":");
  const hasTag = colon >= 0 && !named.includes("/", colon) && !named.includes("]", colon);
  const tag = hasTag ? named.slice(colon + 1) : undefined;
  const name = hasTag ? named.slice(0, colon) : named;

  if (tag !== undefined && !tagPattern.test(tag))
    throw refuse(
      text,
      tag === "" ? "the tag is empty" : `the tag "${printable(tag)}" is not allowed`,
      "a tag has 1 to 128 letters, digits, dots, dashes and underscores, and starts with none of the two former marks",
    );
  const { domain, path } = splitDomain(name);
  if (!domainPattern.test(domain)) throw refuse(text, `"${printable(domain)}" is not a host name`);
  if (path !== path.toLowerCase())
    throw refuse(text, "repository name must be lowercase", `try ${name.toLowerCase()}`);
  if (path.length > maxName)
    throw refuse(text, `the repository is longer than ${maxName} characters`);
  if (!path.split("/").every((component) => componentPattern.test(component)))
    throw refuse(
      text,
      "the repository is not well formed",
      "each part between slashes has lower-case letters and digits, with single . _ __ or dashes between them",
    );
  return {
    domain,
    path,
    ...defined({ tag, digest }),
  };
}

/** The reference with `latest` where it has neither tag nor digest. */
export function withDefaultTag(reference: Reference): Reference {
  if (reference.tag !== undefined || reference.digest !== undefined) return reference;
  return { ...reference, tag: "latest" };
}

/** In full: `docker.io/library/alpine:3`. Parses back to the same reference. */
export function formatReference(reference: Reference): string {
  return (
    `${reference.domain}/${reference.path}` +
    (reference.tag === undefined ? "" : `:${reference.tag}`) +
    (reference.digest === undefined ? "" : `@${reference.digest}`)
  );
}

/** The digest that a whole image id is: 64 hexadecimal digits, with `sha256:` before them or not. Never a name. */
export function wholeId(text: string): Digest | undefined {
  const hex = wholeIdPattern.exec(text)?.[1];
  return hex === undefined ? undefined : parseDigest(`sha256:${hex}`);
}

/** As short as Docker shows it: `alpine:3`. Parses back to the same reference. */
export function familiarReference(reference: Reference): string {
  const full = formatReference(reference);
  if (reference.domain !== defaultDomain) return full;
  const official = reference.path.startsWith("library/") && !reference.path.includes("/", 8);
  const short = full.slice(defaultDomain.length + 1 + (official ? 8 : 0));
  // `localhost/x` or `a.b/x` on Docker Hub would change their meaning without the domain, and 64 digits are an id.
  if (imageId.test(short)) return full;
  return official || splitDomain(short).domain === defaultDomain ? short : full;
}
