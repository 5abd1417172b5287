// SPDX-License-Identifier: Apache-2.0
// Pulling: names to descriptors, manifests, blobs. All that leaves this file is verified.

import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { TsbuildError, defined, isTsbuildError, printable } from "../base/index.js";
import {
  algorithmOf,
  formatReference,
  isDigest,
  isIndexType,
  isManifestType,
  mediaTypes,
  ociLimits,
  parseDigest,
  parseImageDocument,
  parseIndex,
  withDefaultTag,
  type Descriptor,
  type Digest,
  type ImageIndex,
  type Reference,
} from "../oci/index.js";
import type { Endpoint, Endpoints } from "./endpoint.js";
import { networkError } from "./errors.js";
import type { HttpAnswer } from "./http.js";
import { beginsAt, discard, readCapped, resumed, type RetryPolicy } from "./repeat.js";
import type { Transport } from "./transport.js";
import type { FetchedManifest, RequestOptions } from "./types.js";

const acceptedTypes = [
  mediaTypes.ociIndex,
  mediaTypes.dockerIndex,
  mediaTypes.ociManifest,
  mediaTypes.dockerManifest,
].join(", ");

/** Of what refers to one manifest, more is not looked at: anybody who may push can add to it. */
const mostReferrers = 100;

function pullScopes(endpoint: Endpoint): string[] {
  return [`repository:${endpoint.repository}:pull`];
}

function mediaTypeOf(answer: HttpAnswer): string | undefined {
  const type = answer.headers["content-type"]?.split(";")[0]?.trim();
  return type !== undefined && (isManifestType(type) || isIndexType(type)) ? type : undefined;
}

function digestHeader(answer: HttpAnswer): Digest | undefined {
  const value = answer.headers["docker-content-digest"];
  return isDigest(value) ? value : undefined;
}

function hashOf(bytes: Uint8Array, like: Digest | undefined): Digest {
  const algorithm = like === undefined ? "sha256" : algorithmOf(like);
  return parseDigest(`${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}`);
}

function wrongDigest(what: string, expected: Digest, found: string): TsbuildError {
  return new TsbuildError("REGISTRY_DIGEST", `${what}: expected ${expected}, got ${found}`, {
    hint: "the registry, a mirror or a proxy sends damaged or false content",
    details: { expected, found },
  });
}

export class Puller {
  readonly #transport: Transport;
  readonly #endpoints: Endpoints;
  readonly #retry: RetryPolicy;
  readonly #warn: (message: string) => void;
  /** Mirrors that could not be reached: not tried again by this client. */
  readonly #silent = new Set<string>();

  constructor(
    transport: Transport,
    endpoints: Endpoints,
    retry: RetryPolicy,
    warn: (message: string) => void,
  ) {
    this.#transport = transport;
    this.#endpoints = endpoints;
    this.#retry = retry;
    this.#warn = warn;
  }

  /** Asks mirrors first; whatever is wrong with a mirror, the next place is asked, and the registry's own error counts. */
  async #anywhere<T>(
    reference: Reference,
    signal: AbortSignal | undefined,
    ask: (endpoint: Endpoint) => Promise<T>,
    without: ReadonlySet<string> = this.#silent,
  ): Promise<T> {
    const endpoints = await this.#endpoints.forPull(reference);
    const failures: TsbuildError[] = [];
    for (const endpoint of endpoints) {
      const { isMirror, origin } = endpoint;
      if (isMirror && (this.#silent.has(origin) || without.has(origin))) continue;
      try {
        return await ask(endpoint);
      } catch (error) {
        signal?.throwIfAborted();
        if (!endpoint.isMirror || !isTsbuildError(error)) throw withMirrors(error, failures);
        failures.push(error);
        if (error.code === "REGISTRY_UNREACHABLE" || error.code === "REGISTRY_TLS") {
          this.#silent.add(endpoint.origin);
          this.#warn(`the mirror ${endpoint.origin} is passed over: ${printable(error.message)}`);
        }
      }
    }
    // The registry itself is always among the places, and its failure was thrown.
    throw new TsbuildError("REGISTRY_CONFIG", `no place to pull ${reference.domain} from`);
  }

  async resolve(given: Reference, { signal }: RequestOptions): Promise<Descriptor> {
    const reference = withDefaultTag(given);
    const what = `look up ${formatReference(reference)}`;
    return await this.#anywhere(reference, signal, async (endpoint) => {
      const name = reference.digest ?? reference.tag ?? "latest";
      const answer = await this.#transport.send(endpoint, {
        method: "HEAD",
        path: `${endpoint.repository}/manifests/${name}`,
        headers: { accept: acceptedTypes },
        scopes: pullScopes(endpoint),
        // Some registries have no HEAD for manifests; GET tells them apart from missing ones. And why something is refused stands
        // in a body, which HEAD has none of.
        accept: [200, 400, 401, 403, 404, 405, 501],
        what,
        signal,
      });
      discard(answer);
      const mediaType = mediaTypeOf(answer);
      const digest = digestHeader(answer);
      const size = Number(answer.headers["content-length"] ?? Number.NaN);
      const complete = answer.status === 200 && mediaType !== undefined && digest !== undefined;
      if (!complete || !Number.isSafeInteger(size) || size <= 0)
        return (await this.#manifestFrom(endpoint, reference, signal)).descriptor;
      if (reference.digest !== undefined && reference.digest !== digest)
        throw wrongDigest(what, reference.digest, digest);
      return { mediaType, digest, size };
    });
  }

  async manifest(given: Reference, { signal }: RequestOptions): Promise<FetchedManifest> {
    const reference = withDefaultTag(given);
    return await this.#anywhere(reference, signal, (endpoint) =>
      this.#manifestFrom(endpoint, reference, signal),
    );
  }

  async #manifestFrom(
    endpoint: Endpoint,
    reference: Reference,
    signal: AbortSignal | undefined,
  ): Promise<FetchedManifest> {
    const what = `pull ${formatReference(reference)}`;
    const path = `${endpoint.repository}/manifests/${reference.digest ?? reference.tag ?? "latest"}`;
    const answer = await this.#transport.send(endpoint, {
      method: "GET",
      path,
      headers: { accept: acceptedTypes },
      scopes: pullScopes(endpoint),
      accept: [200],
      what,
      signal,
    });
    const body = await readBody(answer, signal, what);
    const expected = reference.digest ?? digestHeader(answer);
    const digest = hashOf(body, expected);
    if (expected !== undefined && digest !== expected) throw wrongDigest(what, expected, digest);
    const document = parseImageDocument(body, mediaTypeOf(answer));
    const { mediaType } = document.kind === "index" ? document.index : document.manifest;
    return { descriptor: { mediaType, digest, size: body.length }, bytes: body };
  }

  async referrers(
    reference: Reference,
    artifactType: string,
    { signal }: RequestOptions,
  ): Promise<readonly Descriptor[]> {
    const { digest } = reference;
    if (digest === undefined) throw new TypeError("referrers are those of a digest");
    const what = `look up what refers to ${formatReference(reference)}`;
    const found = await this.#anywhere(reference, signal, async (endpoint) => {
      const query = new URLSearchParams({ artifactType });
      const answer = await this.#transport.send(endpoint, {
        method: "GET",
        path: `${endpoint.repository}/referrers/${digest}?${query.toString()}`,
        headers: { accept: mediaTypes.ociIndex },
        scopes: pullScopes(endpoint),
        accept: [200, 400, 404, 405, 501],
        what,
        signal,
      });
      if (answer.status === 200 && mediaTypeOf(answer) === mediaTypes.ociIndex)
        return parseIndex(await readBody(answer, signal, what), mediaTypes.ociIndex);
      discard(answer);
      return await this.#tagged(endpoint, reference, digest, signal);
    });
    return (found?.manifests ?? [])
      .filter((entry) => entry.artifactType === artifactType)
      .slice(0, mostReferrers);
  }

  /** The index under the tag that stands for a digest; undefined: there is none. */
  async #tagged(
    endpoint: Endpoint,
    { digest: _, ...reference }: Reference,
    digest: Digest,
    signal: AbortSignal | undefined,
  ): Promise<ImageIndex | undefined> {
    const tag = digest.replace(":", "-");
    try {
      const { bytes, descriptor } = await this.#manifestFrom(
        endpoint,
        { ...reference, tag },
        signal,
      );
      return isIndexType(descriptor.mediaType)
        ? parseIndex(bytes, descriptor.mediaType)
        : undefined;
    } catch (error) {
      if (isTsbuildError(error, "REGISTRY_NOT_FOUND")) return undefined;
      throw error;
    }
  }

  blob(reference: Reference, blob: Descriptor, { signal }: RequestOptions): Readable {
    return Readable.from(this.#blobBytes(reference, blob, signal), {
      objectMode: false,
      highWaterMark: 1024 * 1024,
    });
  }

  /** The bytes of a blob, from wherever they come: a transfer that breaks goes on at the next place, or at the same. */
  async *#blobBytes(
    reference: Reference,
    blob: Descriptor,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Buffer, void, void> {
    const what = `pull ${blob.digest} of ${formatReference(reference)}`;
    const hash = createHash(algorithmOf(blob.digest));
    // A mirror that brought nothing more is not asked to go on.
    const stuck = new Set<string>();
    let last: { readonly origin: string; readonly offset: number } | undefined;
    const bytes = resumed({
      size: blob.size,
      retry: this.#retry,
      signal,
      open: async (offset) => {
        if (last?.offset === offset) stuck.add(last.origin);
        const from = async (endpoint: Endpoint): Promise<HttpAnswer> => {
          const answer = await this.#openBlob(endpoint, blob, offset, what, signal);
          last = { origin: endpoint.origin, offset };
          return answer;
        };
        return this.#anywhere(reference, signal, from, stuck);
      },
      wrongSize: (size) => wrongDigest(what, blob.digest, size),
      broken: (error, { url }) => networkError({ method: "GET", url: url.href }, error),
    });
    for await (const chunk of bytes) {
      hash.update(chunk);
      yield chunk;
    }
    const found = parseDigest(`${algorithmOf(blob.digest)}:${hash.digest("hex")}`);
    if (found !== blob.digest) throw wrongDigest(what, blob.digest, found);
  }

  async #openBlob(
    endpoint: Endpoint,
    blob: Descriptor,
    offset: number,
    what: string,
    signal: AbortSignal | undefined,
  ): Promise<HttpAnswer> {
    const answer = await this.#transport.send(endpoint, {
      method: "GET",
      path: `${endpoint.repository}/blobs/${blob.digest}`,
      headers: {
        "accept-encoding": "identity",
        ...(offset === 0 ? {} : { range: `bytes=${offset}-` }),
      },
      scopes: pullScopes(endpoint),
      accept: offset === 0 ? [200] : [200, 206],
      what,
      signal,
    });
    if (!beginsAt(answer, offset)) {
      answer.body.destroy();
      throw new TsbuildError(
        "REGISTRY_PROTOCOL",
        `${what}: the registry sent another range than asked`,
        {
          details: { range: answer.headers["content-range"] },
        },
      );
    }
    const length = Number(answer.headers["content-length"] ?? Number.NaN);
    const wanted = answer.status === 206 ? blob.size - offset : blob.size;
    if (length > wanted) {
      answer.body.destroy();
      throw wrongDigest(what, blob.digest, `${length} bytes instead of ${wanted}`);
    }
    return answer;
  }
}

async function readBody(
  answer: HttpAnswer,
  signal: AbortSignal | undefined,
  what: string,
): Promise<Buffer> {
  let body: Buffer | undefined;
  try {
    body = await readCapped(answer.body, ociLimits.manifestBytes);
  } catch (error) {
    signal?.throwIfAborted();
    throw networkError({ method: "GET", url: answer.url.href }, error);
  }
  if (body === undefined)
    throw new TsbuildError(
      "REGISTRY_LIMIT",
      `${what}: the manifest has more than ${ociLimits.manifestBytes} bytes`,
    );
  return body;
}

/** The registry's error, with what the mirrors said before among its details. */
function withMirrors(error: unknown, failures: readonly TsbuildError[]): unknown {
  if (failures.length === 0 || !isTsbuildError(error)) return error;
  return new TsbuildError(error.code, error.message, {
    ...defined({ hint: error.hint }),
    details: { ...error.details, mirrors: failures.map((failure) => failure.message) },
    cause: error,
  });
}
