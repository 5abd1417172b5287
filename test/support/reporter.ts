// SPDX-License-Identifier: Apache-2.0
// The reporter of scripts/test.sh: failures in full, skips with their reasons, and the counts of single tests (not of files and
// suites) appended as one line to the file TSBUILD_TEST_COUNTS.

import { appendFileSync } from "node:fs";
import { relative } from "node:path";
import { inspect } from "node:util";

interface TestData {
  readonly name: string;
  readonly file?: string;
  readonly skip?: string | boolean;
  readonly todo?: string | boolean;
  readonly details: {
    readonly type?: string;
    readonly duration_ms?: number;
    readonly error?: { readonly cause?: unknown };
  };
}

type Event =
  | { readonly type: "test:pass" | "test:fail"; readonly data: TestData }
  | { readonly type: "test:stdout" | "test:stderr"; readonly data: { readonly message: string } }
  | { readonly type: "other" };

/** A test that takes longer is named, so that the slow ones are known (milliseconds). */
const slow = 5_000;

export default async function* report(events: AsyncIterable<Event>): AsyncGenerator<string> {
  let passed = 0;
  let failed = 0;
  let skipped = 0;
  for await (const event of events) {
    if (event.type === "test:stdout" || event.type === "test:stderr") {
      const { message } = event.data as { message: string };
      yield message;
    }
    if (event.type !== "test:pass" && event.type !== "test:fail") continue;
    const { data } = event as { data: TestData };
    const isSkip = data.skip !== undefined && data.skip !== false;
    if (data.details.type === "suite" && !(event.type === "test:fail" && own(data))) continue;
    const name = `${place(data.file)}: ${data.name}`;
    if (isSkip || (data.todo !== undefined && data.todo !== false)) {
      skipped++;
      yield `  skipped  ${name} (${String(data.skip ?? data.todo)})\n`;
    } else if (event.type === "test:fail") {
      failed++;
      yield `  FAILED   ${name}\n${indent(text(data.details.error?.cause ?? data.details.error))}\n`;
    } else {
      passed++;
      const duration = data.details.duration_ms ?? 0;
      if (duration > slow) yield `  slow     ${name} (${(duration / 1000).toFixed(1)} s)\n`;
    }
  }
  yield `  ${passed} passed, ${failed} failed, ${skipped} skipped\n`;
  const file = process.env["TSBUILD_TEST_COUNTS"];
  if (file !== undefined) appendFileSync(file, `${passed} ${failed} ${skipped}\n`);
}

/** A suite that failed by itself (in a hook), not because of a test in it that is reported anyway. */
function own(data: TestData): boolean {
  const cause = data.details.error?.cause;
  return !(typeof cause === "string" && /subtests? failed/.test(cause));
}

function place(file: string | undefined): string {
  return file === undefined ? "" : relative("build", file).replace(/\.js$/, "");
}

/** The stack of an error begins with its message; its other fields repeat it at length. */
function text(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : inspect(error);
}

function indent(lines: string): string {
  return lines.replace(/^/gm, "           ");
}
