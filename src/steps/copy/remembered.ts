// SPDX-License-Identifier: Apache-2.0
// Digests of what a source selects in a context, remembered with the questions that led to them. As long as every answer has
// the fingerprint that it had, the digest is the same: an unchanged context is known without even its names being sent here.

import { createHash } from "node:crypto";
import { isTsbuildError } from "../../base/index.js";
import type { ListOptions, TreeEntry, TreeReader } from "../../sandbox/index.js";
import type { Table } from "../../store/index.js";
import { isSettled } from "../file-hasher.js";

/** A question to a tree, and the fingerprint of its answer. */
export type Answered =
  | {
      readonly ask: "list";
      readonly path: string;
      readonly options: ListOptions;
      readonly print: string;
    }
  | {
      readonly ask: "stat";
      readonly path: string;
      readonly follow: boolean;
      readonly print: string;
    };

/** What is remembered of a selection. */
export interface RememberedSelection {
  readonly answers: readonly Answered[];
  readonly digest: string;
}

/** The name of the table of remembered selections, by tree and what is selected. */
export const selectionTable = "selections";

type Reader = Pick<TreeReader, "list" | "stat">;
type PrintingReader = Pick<TreeReader, "listWithPrint" | "stat">;

const absent = "absent";

function printOf(entry: TreeEntry | undefined): string {
  if (entry === undefined) return absent;
  const { type, mode, uid, gid, link, state, xattrs } = entry;
  const text = JSON.stringify([type, mode, uid, gid, link, state, xattrs]);
  return createHash("sha256").update(text).digest("hex");
}

/** Passes questions on to a tree and keeps what is needed to ask them again. */
export class RecordingReader implements Reader {
  readonly #reader: PrintingReader;
  readonly #answers: Answered[] = [];
  readonly #beganAt = Date.now();
  #changedAt = 0;

  constructor(reader: PrintingReader) {
    this.#reader = reader;
  }

  async stat(path: string, follow: boolean): Promise<TreeEntry | undefined> {
    const entry = await this.#reader.stat(path, follow);
    this.#answers.push({ ask: "stat", path, follow, print: printOf(entry) });
    this.#saw(entry?.changedAt);
    return entry;
  }

  async list(path: string, options: ListOptions = {}): Promise<TreeEntry[] | undefined> {
    const list = await this.#reader.listWithPrint(path, options);
    this.#answers.push({ ask: "list", path, options, print: list?.print ?? absent });
    this.#saw(list?.changedAt);
    return list?.entries;
  }

  #saw(changedAt = 0): void {
    this.#changedAt = Math.max(this.#changedAt, changedAt);
  }

  get answers(): readonly Answered[] {
    return this.#answers;
  }

  /** The answers, unless something was changed so lately that it could change again without looking different. */
  settled(): readonly Answered[] | undefined {
    return isSettled(this.#changedAt, this.#beganAt) ? this.#answers : undefined;
  }
}

/** Whether a tree still gives these answers. */
export async function stillAnswers(
  answers: readonly Answered[],
  reader: Pick<TreeReader, "stat" | "fingerprint">,
): Promise<boolean> {
  for (const answer of answers) if ((await printNow(answer, reader)) !== answer.print) return false;
  return true;
}

/** The fingerprint of what a tree answers now. That a directory may not be read is an answer, and no obstacle to ask anew. */
async function printNow(
  answer: Answered,
  reader: Pick<TreeReader, "stat" | "fingerprint">,
): Promise<string> {
  try {
    return answer.ask === "stat"
      ? printOf(await reader.stat(answer.path, answer.follow))
      : ((await reader.fingerprint(answer.path, answer.options)) ?? absent);
  } catch (error) {
    if (isTsbuildError(error, "SANDBOX_UNREADABLE")) return error.code;
    throw error;
  }
}

/** What is remembered for a key, if the tree still answers as it did. */
export async function recallSelection(
  table: Table<RememberedSelection>,
  key: string,
  reader: TreeReader,
): Promise<RememberedSelection | undefined> {
  const known = table.get(key);
  return known !== undefined && (await stillAnswers(known.answers, reader)) ? known : undefined;
}
