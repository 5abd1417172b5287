// SPDX-License-Identifier: Apache-2.0
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BuildEvent } from "#src/base/index.js";
import { recordWarnings } from "#src/cli/commands/metadata.js";

type Warning = Extract<BuildEvent, { kind: "warning" }>;

interface Document {
  readonly short: string;
  readonly sourceInfo: { readonly data?: string };
}

const env = { BUILDX_METADATA_WARNINGS: "true" };

function warning(message: string, text: string, startLine = 1): Warning {
  const range = { startLine, endLine: startLine, startColumn: 0, endColumn: 0 };
  return { kind: "warning", message, location: { file: "Dockerfile", text, range } };
}

/** What --metadata-file has after these warnings. */
function documentsOf(warnings: Iterable<Warning>): readonly Document[] {
  const record = recordWarnings();
  const sink = record.note(() => undefined);
  for (const each of warnings) sink(each);
  return record.metadata(env)["buildx.build.warnings"] as readonly Document[];
}

describe("warnings for --metadata-file", () => {
  it("are there once, and once for each Dockerfile", () => {
    const two = [warning("a", "FROM x"), warning("a", "FROM y"), warning("b", "FROM x")];
    assert.equal(documentsOf([...two, ...two]).length, 3);
  });

  it("take memory by their number, not by the file's length for each", () => {
    const text = "# a long Dockerfile\n".repeat(50_000);
    const before = process.memoryUsage().rss;
    const documents = documentsOf(
      (function* () {
        for (let line = 1; line <= 1000; line++) yield warning("a", text, line);
      })(),
    );
    assert.equal(documents.length, 1000);
    assert.ok(documents[0]?.sourceInfo.data !== undefined);
    assert.ok(documents.at(-1)?.sourceInfo.data === undefined);
    const grown = process.memoryUsage().rss - before;
    assert.ok(grown < 200 * 1024 ** 2, `${grown} bytes`);
  });
});
