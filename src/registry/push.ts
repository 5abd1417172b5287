// SPDX-License-Identifier: Apache-2.0
// Pushing: blobs that the registry lacks (mounted from a neighbour where possible), then manifests, children before
// parents and the tag last, so that a name never points to something incomplete.

import { TsbuildError, eachAtOnce, isTsbuildError, redactUrl } from "../base/index.js";
import { formatReference, type Descriptor, type Reference } from "../oci/index.js";
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

interface Push {
  readonly endpoint: Endpoint;
  readonly source: ContentSource;
  readonly scopes: readonly string[];
  readonly mounts: readonly string[];
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
    const endpoint = await this.#endpoints.own(reference);
    const mounts = (options.mountFrom ?? [])
      .filter(({ domain, path }) => domain === reference.domain && path !== reference.path)
      .map(({ path }) => path);
    const push: Push = {
      endpoint,
      source,
      scopes: [
        `repository:${endpoint.repository}:pull,push`,
        ...mounts.map((path) => `repository:${path}:pull`),
      ],
      mounts,
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
      [200, 404],
    );
    discard(head);
    if (head.status === 200) {
      report("exists", blob.size);
      return;
    }
    for (const from of push.mounts) {
      const query = new URLSearchParams({ mount: blob.digest, from });
      const answer = await this.#send(
        push,
        "POST",
        `${push.endpoint.repository}/blobs/uploads/?${query.toString()}`,
        [201, 202, 404],
      );
      discard(answer);
      if (answer.status === 201) {
        report("mounted", blob.size);
        return;
      }
      // 202 opened an upload that is not used; registries drop those after a while.
    }
    await this.#upload(push, blob, report);
    report("done", blob.size);
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
        accept: [202, 204],
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
  const location = answer.headers.location;
  if (location !== undefined && location !== "")
    try {
      const url = new URL(location, answer.url);
      const downgrade = answer.url.protocol === "https:" && url.protocol !== "https:";
      if (!downgrade && (url.protocol === "https:" || url.protocol === "http:")) return url;
    } catch {
      // No URL: refused with the others.
    }
  throw new TsbuildError("REGISTRY_PROTOCOL", "the registry names no place for the upload", {
    details: { url: redactUrl(answer.url.href) },
  });
}
