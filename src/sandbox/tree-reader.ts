// SPDX-License-Identifier: Apache-2.0
// The session of the verb `digest`: questions are written at once, answers are matched to them by their order.

import { printable, TsbuildError } from "../base/index.js";
import type { Field } from "./encode.js";
import { rootFieldsOf } from "./encode.js";
import { decodeEntries } from "./entry-codec.js";
import type { SandboxErrorCode } from "./errors.js";
import { FrameReader, FrameWriter, SEND_SIZE } from "./frames.js";
import { startHelper, type Helper, type HelperConfig } from "./spawn.js";
import type { ListOptions, PrintedList, Root, TreeEntry, TreeReader } from "./types.js";

const ALL = 0xffff_ffff;
/** Paths of one hash question: enough to pipeline, few enough that an answer is soon there. */
const HASH_BATCH = 512;
/** Bytes of a file's digest. */
export const hashSize = 32;

interface Question {
  /** Takes a frame; true when it was the last of the answer. */
  readonly take: (kind: string, payload: Buffer) => boolean;
  readonly reject: (error: unknown) => void;
}

const codeOfErrno: Readonly<Record<string, SandboxErrorCode>> = {
  EFBIG: "SANDBOX_LIMIT",
  EINVAL: "SANDBOX_NOT_A_FILE",
  EISDIR: "SANDBOX_NOT_A_FILE",
  EACCES: "SANDBOX_UNREADABLE",
  EPERM: "SANDBOX_UNREADABLE",
};

const hints: Readonly<Record<string, string>> = {
  ELOOP: "Symbolic links there lead in a circle.",
  EACCES: "Its mode and its owner keep it from this user; .dockerignore can leave it out.",
};

/** The error of a question: step, path and errno, each ended by a NUL. */
function questionError(payload: Buffer): TsbuildError {
  const [step = "", path = "", errno = ""] = payload.toString("utf8").split("\0");
  return new TsbuildError(
    codeOfErrno[errno] ?? "SANDBOX_SYSTEM",
    `cannot ${step}: ${printable(path)} (${errno})`,
    {
      ...(hints[errno] === undefined ? {} : { hint: hints[errno] }),
      details: { step, path, errno },
    },
  );
}

class Session implements TreeReader {
  readonly #helper: Helper;
  readonly #writer = new FrameWriter();
  readonly #questions: Question[] = [];
  #next = 0;
  #scheduled = false;
  #ended: Error | undefined;

  constructor(helper: Helper) {
    this.#helper = helper;
    const reader = new FrameReader((kind, payload) => {
      this.#answer(kind, payload);
    });
    helper.stdout?.on("data", (chunk: Buffer) => {
      reader.push(chunk);
    });
    const over = (error: unknown): void => {
      this.#fail(
        error instanceof Error
          ? error
          : new TsbuildError("SANDBOX_HELPER_CRASHED", "the session of a tree has ended"),
      );
    };
    helper.done.then(over, over);
  }

  async stat(path: string, follow: boolean): Promise<TreeEntry | undefined> {
    return this.#ask<TreeEntry | undefined>(
      (writer) =>
        writer
          .open("s")
          .u8(follow ? 1 : 0)
          .text(path),
      (kind, payload) => {
        const entries: TreeEntry[] = [];
        if (kind === "e") decodeEntries(payload, entries);
        return { value: entries[0] };
      },
    );
  }

  async list(path: string, options?: ListOptions): Promise<TreeEntry[] | undefined> {
    return (await this.listWithPrint(path, options))?.entries;
  }

  async listWithPrint(path: string, options: ListOptions = {}): Promise<PrintedList | undefined> {
    const entries: TreeEntry[] = [];
    return this.#ask<PrintedList | undefined>(
      (writer) => {
        writeListQuestion(writer, "l", path, options);
      },
      (kind, payload) => {
        if (kind === "n") return { value: undefined };
        if (kind === "d") return { value: { entries, ...endOfList(payload) } };
        decodeEntries(payload, entries);
        return undefined;
      },
    );
  }

  async fingerprint(path: string, options: ListOptions = {}): Promise<string | undefined> {
    return this.#ask<string | undefined>(
      (writer) => {
        writeListQuestion(writer, "f", path, options);
      },
      (kind, payload) => ({ value: kind === "n" ? undefined : endOfList(payload).print }),
    );
  }

  async hash(paths: readonly string[]): Promise<Buffer> {
    const batches: Promise<Buffer>[] = [];
    for (let at = 0; at < paths.length; at += HASH_BATCH)
      batches.push(this.#hashBatch(paths.slice(at, at + HASH_BATCH)));
    return Buffer.concat(await Promise.all(batches));
  }

  async #hashBatch(paths: readonly string[]): Promise<Buffer> {
    return this.#ask(
      (writer) => {
        writer.open("h").u32(paths.length);
        for (const path of paths) writer.text(path);
      },
      (_kind, payload) => {
        if (payload.length !== paths.length * hashSize)
          throw new TsbuildError("SANDBOX_HELPER_EVENT", "the native helper sent too few digests");
        return { value: Buffer.from(payload) };
      },
    );
  }

  async read(path: string, maxBytes: number): Promise<Buffer | undefined> {
    return this.#ask<Buffer | undefined>(
      (writer) => writer.open("r").u64(maxBytes).text(path),
      (kind, payload) => ({ value: kind === "n" ? undefined : Buffer.from(payload) }),
    );
  }

  async readAt(path: string, offset: number, length: number): Promise<Buffer> {
    return this.#ask(
      (writer) => writer.open("p").u64(offset).u32(length).text(path),
      (_kind, payload) => ({ value: Buffer.from(payload) }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#questions.length > this.#next) this.#helper.stop();
    else this.#helper.stdin?.end();
    // Whatever ended the session has been told to those who asked; here it only has to be over.
    await this.#helper.done.catch(() => undefined);
  }

  async #ask<T>(
    write: (writer: FrameWriter) => unknown,
    answer: (kind: string, payload: Buffer) => { readonly value: T } | undefined,
  ): Promise<T> {
    if (this.#ended !== undefined) throw this.#ended;
    return new Promise((resolve, reject) => {
      write(this.#writer);
      this.#writer.close();
      const take = (kind: string, payload: Buffer): boolean => {
        if (kind === "x") {
          reject(questionError(payload));
          return true;
        }
        const result = answer(kind, payload);
        if (result !== undefined) resolve(result.value);
        return result !== undefined;
      };
      this.#questions.push({ take, reject });
      this.#schedule();
    });
  }

  /** Questions asked in one turn of the event loop go out together. */
  #schedule(): void {
    if (this.#writer.length >= SEND_SIZE) this.#flush();
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#writer.length > 0) this.#helper.stdin?.write(this.#writer.take());
  }

  #answer(kind: string, payload: Buffer): void {
    const question = this.#questions[this.#next];
    if (question === undefined) return;
    let last = true;
    try {
      last = question.take(kind, payload);
    } catch (error) {
      question.reject(error);
      this.#helper.stop();
    }
    if (!last) return;
    this.#next++;
    if (this.#next === this.#questions.length) {
      this.#questions.length = 0;
      this.#next = 0;
    }
  }

  #fail(error: Error): void {
    this.#ended = error;
    for (const { reject } of this.#questions.slice(this.#next)) reject(error);
    this.#questions.length = 0;
    this.#next = 0;
  }
}

/** What the helper says at the end of a list: fingerprint, then seconds and nanoseconds of the last change. */
function endOfList(payload: Buffer): Pick<PrintedList, "print" | "changedAt"> {
  return {
    print: payload.toString("hex", 0, hashSize),
    changedAt:
      Number(payload.readBigInt64LE(hashSize)) * 1000 +
      payload.readUInt32LE(hashSize + 8) / 1_000_000,
  };
}

function writeListQuestion(
  writer: FrameWriter,
  letter: "l" | "f",
  path: string,
  { depth = ALL, prune = [] }: ListOptions,
): void {
  writer.open(letter).u32(depth).u32(prune.length).text(path);
  for (const pruned of prune) writer.text(pruned);
}

/** Opens a tree for reading. The reader must be disposed; an abort ends it, and questions fail with the signal's reason. */
export async function openTree(
  config: HelperConfig,
  root: Root,
  signal: AbortSignal,
): Promise<TreeReader> {
  const fields: Field[] = rootFieldsOf("root", root);
  let ready: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    ready = resolve;
  });
  const helper = startHelper(config, {
    verb: "digest",
    fields,
    signal,
    stdin: "pipe",
    stdout: "pipe",
    onEvent: (event) => {
      if (event.event === "ready") ready();
    },
  });
  await Promise.race([opened, helper.done]);
  return new Session(helper);
}
