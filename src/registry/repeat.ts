// SPDX-License-Identifier: Apache-2.0
// A request that is sent again: what is worth a repetition, and how long to wait for it; and a transfer that goes on where
// it broke.

import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { isTsbuildError, type TsbuildError } from "../base/index.js";
import { networkCode, timedOut } from "./errors.js";
import type { HttpAnswer } from "./http.js";

export interface RetryPolicy {
  /** How many times a request is sent at most. */
  readonly attempts: number;
  /** Milliseconds before the first repetition; doubled for each further one. */
  readonly baseDelay: number;
  /** Milliseconds for which a server that answers "too many requests" is asked again, however often. Default: none. */
  readonly patience?: number;
}

/** A request, and what its answers mean. */
export interface Repeatable<T> {
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal | undefined;
  /** Statuses that are answers; all others are errors. */
  readonly accept: readonly number[];
  /** Sends it once. */
  readonly send: () => Promise<HttpAnswer>;
  /** Takes from an accepted answer what is of use. A body that breaks off is a reason to send the request again. */
  readonly take: (answer: HttpAnswer) => T | Promise<T>;
  /** The error for another status. `text`: the answer's body, as far as it is read. */
  readonly refused: (answer: HttpAnswer, text: string) => TsbuildError;
  /** The error for a connection that did not come about, or broke. */
  readonly broken: (error: unknown) => TsbuildError;
}

const maxErrorBody = 64 * 1024;
const longestWait = 60_000;
const tooMany = 429;
const passing = new Set([408, tooMany, 500, 502, 503, 504]);
const passingErrors = new Set([
  ...["ECONNRESET", "ECONNABORTED", "EPIPE", "ETIMEDOUT", "EAI_AGAIN", "ENETUNREACH"],
  ...["EHOSTUNREACH", "HPE_INVALID_CONSTANT", "ERR_STREAM_PREMATURE_CLOSE"],
]);

/** Sends a request until it is answered with an accepted status, or there is no sense in it. Throws the errors of the request. */
export async function repeated<T>(request: Repeatable<T>): Promise<T> {
  const { retry, signal, accept } = request;
  const start = performance.now();
  for (let attempt = 1; ; attempt++) {
    const last = attempt >= retry.attempts;
    let wait: number | undefined;
    try {
      const answer = await request.send();
      if (accept.includes(answer.status)) return await request.take(answer);
      wait = retryAfter(answer.headers["retry-after"]);
      const error = request.refused(answer, await errorText(answer.body));
      const patient =
        answer.status === tooMany && performance.now() - start < (retry.patience ?? 0);
      if (!passing.has(answer.status) || (last && !patient)) throw error;
    } catch (error) {
      signal?.throwIfAborted();
      if (isTsbuildError(error)) throw error;
      if (last || !passingErrors.has(networkCode(error) ?? "")) throw request.broken(error);
    }
    const backoff = retry.baseDelay * 2 ** (attempt - 1) * (0.75 + Math.random() / 2);
    await pause(wait ?? Math.min(longestWait, backoff), signal);
  }
}

/** A transfer of known length. */
export interface Resumable {
  /** Bytes in all. */
  readonly size: number;
  readonly retry: RetryPolicy;
  readonly signal: AbortSignal | undefined;
  /** Asks for the bytes from an offset on: the answer is 206 with these, or 200 with all. */
  readonly open: (offset: number) => Promise<HttpAnswer>;
  /** The error for another number of bytes than there should be. */
  readonly wrongSize: (found: string) => TsbuildError;
  /** The error for a connection that broke too often. */
  readonly broken: (error: unknown, answer: HttpAnswer) => TsbuildError;
}

/** The bytes of a transfer. One that breaks goes on where it broke, as long as each try brings some. */
export async function* resumed(transfer: Resumable): AsyncGenerator<Buffer, void, void> {
  const { size, retry, signal } = transfer;
  let received = 0;
  let failures = 0;
  while (received < size || (size === 0 && failures === 0)) {
    const before = received;
    const answer = await transfer.open(received);
    try {
      let skip = answer.status === 206 ? 0 : received;
      for await (const chunk of answer.body as AsyncIterable<Buffer>) {
        const fresh = chunk.subarray(Math.min(skip, chunk.length));
        skip -= chunk.length - fresh.length;
        if (fresh.length === 0) continue;
        received += fresh.length;
        if (received > size) throw transfer.wrongSize(`more than its ${size} bytes`);
        yield fresh;
      }
      if (size === 0) break;
      if (received < size) failures = received > before ? 1 : failures + 1;
    } catch (error) {
      signal?.throwIfAborted();
      if (isTsbuildError(error)) throw error;
      failures = received > before ? 1 : failures + 1;
      if (failures >= retry.attempts) throw transfer.broken(error, answer);
    } finally {
      answer.body.destroy();
    }
    if (received >= size) break;
    if (failures >= retry.attempts) throw transfer.wrongSize(`only ${received} of ${size} bytes`);
    await pause(retry.baseDelay * failures, signal);
  }
}

/** Whether an answer begins where it was asked to: 206 says so, 200 has everything. */
export function beginsAt({ status, headers }: HttpAnswer, offset: number): boolean {
  return status !== 206 || headers["content-range"]?.startsWith(`bytes ${offset}-`) === true;
}

/** Milliseconds for a body that is read as a whole: a server that sends a byte now and then is never silent, and never at its end. */
const longestBody = 300_000;

/** Reads a body up to a cap, within so many milliseconds; undefined when there is more. */
export async function readCapped(
  body: Readable,
  cap: number,
  within: number = longestBody,
): Promise<Buffer | undefined> {
  const timer = setTimeout(() => {
    body.destroy(timedOut(within, "no end of the answer"));
  }, within);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > cap) {
        body.destroy();
        return undefined;
      }
      chunks.push(chunk);
    }
  } finally {
    clearTimeout(timer);
  }
  return Buffer.concat(chunks);
}

/** Gives up a body. A short one is read to its end, so that the connection can be used again. */
export function discard(answer: HttpAnswer): void {
  const { body, headers } = answer;
  if (Number(headers["content-length"] ?? Number.POSITIVE_INFINITY) > maxErrorBody) {
    body.destroy();
    return;
  }
  body.on("error", () => undefined);
  body.resume();
}

/** Waits. Rejects with the signal's reason. */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}

async function errorText(body: Readable): Promise<string> {
  try {
    return (await readCapped(body, maxErrorBody))?.toString("utf8") ?? "";
  } catch {
    // The status says what matters; an explanation that broke off adds nothing.
    return "";
  }
}

/** Milliseconds that a server asks to wait (Retry-After, in seconds or as a date). */
function retryAfter(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const wait = /^\d{1,6}$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isNaN(wait) ? undefined : Math.min(longestWait, Math.max(0, wait));
}
