// SPDX-License-Identifier: Apache-2.0
// Pushing: blobs that the registry lacks (mounted from a neighbour where possible), then manifests, children before
// parents and the tag last, so that a name never points to something incomplete.

import { TsbuildError, eachAtOnce, isTsbuildError, redactUrl } from "../base/index.js";
import { formatReference, type Descriptor, type Digest, type Reference } from "../oci/index.js";
import type { Endpoint, Endpoints } from "./endpoint.js";
import type { HttpAnswer } from "./http.js";
import { imageParts } from "./parts.js";
import { discard, type RetryPolicy } from "./repeat.js";
import type { Transport } from "./transport.js";
import type { ContentSource, PushOptions, PushProgress } from "./types.js";
import { countingStream, piecesOf } from "./upload-body.js";

const parallelUploads = 4;
/** Bytes; below the limits that proxies commonly set for a body, and held in memory while sent. */
const chunkSize = 8 * 1024 * 1024;
/** Answers to an upload in one piece after which pieces are worth a try: a proxy's limit, or a server that lacks it. */
const wantsChunks = new Set([404, 405, 411, 413, 501]);

/** What is said of a repository that may not be mounted from, by the registry or by its token service. */
const refusals = ["REGISTRY_AUTH", "REGISTRY_DENIED", "REGISTRY_PROTOCOL"];

interface Push {
  readonly endpoint: Endpoint;
  readonly source: ContentSource;
  readonly scopes: readonly string[];
  /** Repositories of the same registry that may have a blob. */
  readonly lenders: (blob: Digest) => readonly string[];
  /** Those of them that are not ours to read. */
  readonly refused: Set<string>;
  readonly signal: AbortSignal | undefined;
  readonly report: (progress: PushProgress) => void;
}

export class Pusher {
  readonly #transport: Transport;
  readonly #endpoints: Endpoints;
  readonly #retry: RetryPolicy;

  constructor(transport: Transport, endpoints: Endpoints, retry: RetryPolicy) {
    this.#transport = transport;
    this.#endpoints = endpoints;
    this.#retry = retry;
  }

  async push(
    reference: Reference,
    image: Descriptor,
    source: ContentSource,
    options: PushOptions,
  ): Promise<void> {
    if (reference.digest !== undefined && reference.digest !== image.digest)
      throw new TsbuildError(
        "REGISTRY_PUSH",
        `the image is ${image.digest}, and cannot be pushed as ${formatReference(reference)}`,
        { hint: "leave the digest out of the name" },
      );
    const endpoint = await this.#endpoints.own(reference);
    const { mountFrom = () => [] } = options;
    const lends = ({ domain, path }: Reference): boolean =>
      domain === reference.domain && path !== reference.path;
    const push: Push = {
      endpoint,
      source,
      scopes: [`repository:${endpoint.repository}:pull,push`],
      lenders: (blob) =>
        mountFrom(blob)
          .filter(lends)
          .map(({ path }) => path),
      refused: new Set(),
      signal: options.signal,
      report: options.onProgress ?? (() => undefined),
    };
    const { blobs, manifests } = await imageParts(image, source);
    await eachAtOnce(blobs, parallelUploads, options.signal, (blob, signal) =>
      this.#pushBlob({ ...push, signal }, blob),
    );

    const tag =
      options.byDigest === true
        ? undefined
        : (reference.tag ?? (reference.digest === undefined ? "latest" : undefined));
    for (const manifest of manifests) await this.#putManifest(push, manifest, manifest.digest);
    if (tag !== undefined) await this.#putManifest(push, image, tag, formatReference(reference));
  }

  async #pushBlob(push: Push, blob: Descriptor): Promise<void> {
    const report = (state: PushProgress["state"], current: number): void => {
      push.report({ digest: blob.digest, current, total: blob.size, state });
    };
    const head = await this.#send(
      push,
      "HEAD",
      `${push.endpoint.repository}/blobs/${blob.digest}`,
      // Who may push may not be allowed to look. If nothing is allowed, the upload's answer has a body that says why.
      [200, 401, 403, 404],
    );
    discard(head);
    if (head.status === 200) {
      report("exists", blob.size);
      return;
    }
    for (const from of push.lenders(blob.digest))
      if (!push.refused.has(from) && (await this.#mount(push, blob, from))) {
        report("mounted", blob.size);
        return;
      }
    await this.#upload(push, blob, report);
    report("done", blob.size);
  }

  /** False: that repository does not have the blob, or not for us. */
  async #mount(push: Push, blob: Descriptor, from: string): Promise<boolean> {
    const query = new URLSearchParams({ mount: blob.digest, from });
    const scopes = [...push.scopes, `repository:${from}:pull`];
    try {
      const answer = await this.#send(
        { ...push, scopes },
        "POST",
        `${push.endpoint.repository}/blobs/uploads/?${query.toString()}`,
        [201, 202, 404],
      );
      discard(answer);
      // 202 opened an upload that is not used; registries drop those after a while.
      return answer.status === 201;
    } catch (error) {
      // Whoever may push here need not be allowed to read there. If it is something else, the upload fails of it, too.
      const refused = refusals.some((code) => isTsbuildError(error, code));
      if (!refused) throw error;
      push.refused.add(from);
      return false;
    }
  }

  async #upload(
    push: Push,
    blob: Descriptor,
    report: (state: PushProgress["state"], current: number) => void,
  ): Promise<void> {
    const progress = (current: number): void => {
      report("uploading", current);
    };
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#uploadWhole(push, blob, progress);
        return;
      } catch (error) {
        push.signal?.throwIfAborted();
        if (!isTsbuildError(error)) throw error;
        const status = error.details["status"];
        if (typeof status === "number" && wantsChunks.has(status)) break;
        const passing = ["REGISTRY_UNREACHABLE", "REGISTRY_SERVER"].includes(error.code);
        if (!passing || attempt >= this.#retry.attempts) throw error;
      }
    }
    await this.#uploadChunks(push, blob, progress);
  }

  async #openUpload(push: Push): Promise<URL> {
    const answer = await this.#send(
      push,
      "POST",
      `${push.endpoint.repository}/blobs/uploads/`,
      [202],
    );
    discard(answer);
    return nextLocation(answer);
  }

  async #uploadWhole(push: Push, blob: Descriptor, progress: (n: number) => void): Promise<void> {
    const url = await this.#openUpload(push);
    url.searchParams.append("digest", blob.digest);
    const answer = await this.#transport.send(push.endpoint, {
      method: "PUT",
      path: url,
      headers: { "content-type": "application/octet-stream" },
      body: {
        length: blob.size,
        open: () => countingStream(push.source.stream(blob), progress),
      },
      scopes: push.scopes,
      accept: [201, 204],
      what: `push ${blob.digest}`,
      signal: push.signal,
    });
    discard(answer);
  }

  async #uploadChunks(push: Push, blob: Descriptor, progress: (n: number) => void): Promise<void> {
    let url = await this.#openUpload(push);
    let sent = 0;
    for await (const piece of piecesOf(push.source.stream(blob), chunkSize)) {
      const range = `${sent}-${sent + piece.length - 1}`;
      const answer = await this.#transport.send(push.endpoint, {
        method: "PATCH",
        path: url,
        headers: { "content-type": "application/octet-stream", "content-range": range },
        body: { length: piece.length, open: () => piece },
        scopes: push.scopes,
        accept: [201, 202, 204],
        what: `push ${blob.digest}`,
        signal: push.signal,
      });
      discard(answer);
      url = nextLocation(answer);
      sent += piece.length;
      progress(sent);
    }
    url.searchParams.append("digest", blob.digest);
    discard(await this.#send(push, "PUT", url, [201, 204]));
  }

  async #putManifest(
    push: Push,
    manifest: Descriptor,
    name: string,
    shown: string = name,
  ): Promise<void> {
    const bytes = await push.source.read(manifest);
    const answer = await this.#transport.send(push.endpoint, {
      method: "PUT",
      path: `${push.endpoint.repository}/manifests/${name}`,
      headers: { "content-type": manifest.mediaType },
      body: { length: bytes.length, open: () => bytes },
      scopes: push.scopes,
      accept: [200, 201, 202],
      what: `push ${shown}`,
      signal: push.signal,
    });
    discard(answer);
    const digest = answer.headers["docker-content-digest"];
    if (digest === undefined || digest === manifest.digest) return;
    throw new TsbuildError(
      "REGISTRY_DIGEST",
      `push ${shown}: the registry stored ${String(digest)} instead of ${manifest.digest}`,
      {
        details: { expected: manifest.digest },
      },
    );
  }

  async #send(
    push: Push,
    method: "HEAD" | "POST" | "PUT",
    path: string | URL,
    accept: readonly number[],
  ): Promise<HttpAnswer> {
    return await this.#transport.send(push.endpoint, {
      method,
      path,
      ...(method === "HEAD" ? {} : { body: { length: 0, open: () => new Uint8Array() } }),
      scopes: push.scopes,
      accept,
      what: `push to ${push.endpoint.origin}/${push.endpoint.repository}`,
      signal: push.signal,
    });
  }
}

/** Where an upload goes on. */
function nextLocation(answer: HttpAnswer): URL {
  const { location } = answer.headers;
  const details = { url: redactUrl(answer.url.href) };
  let url: URL | undefined;
  try {
    url = location === undefined || location === "" ? undefined : new URL(location, answer.url);
  } catch {
    // No URL: refused with the others.
  }
  if (url === undefined || (url.protocol !== "https:" && url.protocol !== "http:"))
    throw new TsbuildError("REGISTRY_PROTOCOL", "the registry names no place for the upload", {
      details,
    });
  if (answer.url.protocol === "https:" && url.protocol === "http:")
    throw new TsbuildError(
      "REGISTRY_REDIRECT",
      `${answer.url.host} wants the upload over plain http, at ${url.host}`,
      {
        hint: "the registry has to know its public address: behind a proxy that ends TLS, by the header X-Forwarded-Proto",
        details,
      },
    );
  return url;
}
