// SPDX-License-Identifier: Apache-2.0
// Entries whose content can be written anew, on a service whose entries cannot: a name stands for the newest of the keys NAME#1,
// NAME#2 and so on. Who writes takes the next number; two who do so at once get different ones, and a number that was taken by
// somebody who never came to the end is passed over.

import pLimit from "p-limit";
import {
  beginsAt,
  pause,
  readCapped,
  resumed,
  type Connections,
  type HttpAnswer,
} from "../../registry/index.js";
import { serviceError } from "../errors.js";
import { send, type Content } from "../uploads.js";
import { pieceSize, type CacheProtocol, type FoundEntry } from "./protocol.js";
import { ActionsService, type SignedRequest } from "./service.js";
import type { ActionsSettings } from "./settings.js";
import { versionOne } from "./version-1.js";
import { versionTwo } from "./version-2.js";

const reading = "read a cache entry";
/** Numbers that are tried after the newest. */
const mostPassedOver = 20;
/** How long the writer of a number that is taken but cannot be read is waited for, and how often it is looked for; milliseconds. */
const usualWaiting: Waiting = { patience: 15_000, interval: 2000 };

/** Milliseconds. */
export interface Waiting {
  readonly patience: number;
  readonly interval: number;
}

export class ActionsEntries {
  readonly #service: ActionsService;
  readonly #protocol: CacheProtocol;
  readonly #waiting: Waiting;
  /** Entries of several pieces go one by one, for the sake of memory: their pieces go side by side. */
  readonly #large = pLimit(1);

  constructor(connections: Connections, settings: ActionsSettings, wait: Waiting = usualWaiting) {
    this.#service = new ActionsService(connections, settings);
    this.#protocol = (settings.version === 1 ? versionOne : versionTwo)(this.#service);
    this.#waiting = wait;
  }

  /** All of a small entry; undefined when there is none. Throws CACHE_SERVICE, also when it has more than `cap` bytes. */
  async read(name: string, cap: number, signal: AbortSignal): Promise<Buffer | undefined> {
    const found = await this.#newest(name, signal);
    if (found === undefined) return undefined;
    const bytes = await this.#open(found, 0, ({ body }) => readCapped(body, cap), signal);
    if (bytes !== undefined) return bytes;
    throw serviceError(`${reading}: it has more than ${cap} bytes`);
  }

  /** The bytes of an entry of known size. Throws CACHE_SERVICE. */
  stream(name: string, size: number, signal: AbortSignal): AsyncIterable<Uint8Array> {
    return resumed({
      size,
      retry: this.#service.retry,
      signal,
      open: async (offset) => {
        // Looked up anew each time: signed URLs are good for minutes.
        const found = await this.#newest(name, signal);
        if (found === undefined) throw serviceError(`${reading}: it is no longer there`);
        return this.#open(found, offset, (answer) => answer, signal);
      },
      wrongSize: (bytes) => serviceError(`${reading}: it has ${bytes}`),
      broken: (_error, { url }) => serviceError(`${reading}: the connection to ${url.host} broke`),
    });
  }

  /** Writes an entry unless there is one; with `replace`, in any case. Throws CACHE_SERVICE. */
  async save(
    name: string,
    content: Content,
    { replace }: { readonly replace: boolean },
    signal: AbortSignal,
  ): Promise<void> {
    const { patience, interval } = this.#waiting;
    for (let waited = 0; ; waited += interval) {
      const newest = await this.#newest(name, signal);
      if (newest !== undefined && !replace) return;
      const first = (newest?.number ?? 0) + 1;
      const last = waited < patience ? first : first + mostPassedOver;
      for (let number = first; number <= last; number++)
        if (await this.#write(keyOf(name, number), content, signal)) return;
      if (waited >= patience)
        throw serviceError("write a cache entry: others have taken all keys for it");
      await pause(interval, signal);
    }
  }

  /** False when somebody has taken the key. */
  async #write(key: string, content: Content, signal: AbortSignal): Promise<boolean> {
    const write = async (): Promise<boolean> => {
      const upload = await this.#protocol.reserve(key, content.size, signal);
      if (upload === undefined) return false;
      await send(upload, content, pieceSize, signal);
      return true;
    };
    return content.size > pieceSize ? this.#large(write) : write();
  }

  async #newest(
    name: string,
    signal: AbortSignal,
  ): Promise<(FoundEntry & { readonly number: number }) | undefined> {
    const prefix = keyOf(name, "");
    const found = await this.#protocol.find(prefix, signal);
    if (found === undefined) return undefined;
    const rest = found.key.startsWith(prefix) ? found.key.slice(prefix.length) : "";
    // A service that knows no beginnings of keys, or not ours, has nothing for us.
    return /^[1-9]\d{0,8}$/.test(rest) ? { ...found, number: Number(rest) } : undefined;
  }

  #open<T>(
    { url }: FoundEntry,
    offset: number,
    take: (answer: HttpAnswer) => T | Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const request: SignedRequest = {
      method: "GET",
      url,
      headers: {
        "accept-encoding": "identity",
        ...(offset === 0 ? {} : { range: `bytes=${offset}-` }),
      },
      accept: offset === 0 ? [200] : [200, 206],
      what: reading,
      signal,
    };
    return this.#service.open(request, (answer) => {
      if (beginsAt(answer, offset)) return take(answer);
      answer.body.destroy();
      throw serviceError(`${reading}: ${url.host} sent another range than asked`);
    });
  }
}

function keyOf(name: string, number: number | ""): string {
  return `${name}#${number}`;
}
