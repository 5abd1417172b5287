// SPDX-License-Identifier: Apache-2.0
// Which progress is drawn, on standard error or in a file.

import { printableJson } from "../../base/index.js";
import type { BuildEvent, EventSink } from "../../base/index.js";
import type { ProgressOutput } from "./log-file.js";
import { plainProgress } from "./plain.js";
import { ttyProgress } from "./tty.js";

export type ProgressKind = "auto" | "plain" | "tty" | "quiet" | "none" | "rawjson";

export interface Progress {
  readonly sink: EventSink;
  /** Ends drawing; must be called before anything else is printed. */
  readonly close: () => void;
}

export function createProgress(kind: ProgressKind, out: ProgressOutput = process.stderr): Progress {
  const write = (text: string): void => {
    out.write(text);
  };
  const nothing = (): void => undefined;
  switch (kind) {
    case "quiet":
    case "none":
      return { sink: nothing, close: nothing };
    case "rawjson":
      return {
        sink: (event) => {
          write(rawJson(event));
        },
        close: nothing,
      };
    case "plain":
      return { sink: plainProgress(write), close: nothing };
    case "auto":
      if (out.isTTY !== true) return createProgress("plain", out);
      break;
    case "tty":
      break;
  }
  const { columns = 0, rows = 0 } = out;
  const colors = (process.env["NO_COLOR"] ?? "") === "";
  return ttyProgress({ columns: columns || 80, rows: rows || 24, colors, write }, Date.now);
}

/** One event per line; output bytes in base64. */
function rawJson(event: BuildEvent): string {
  const plain =
    event.kind === "step-output"
      ? { ...event, data: Buffer.from(event.data).toString("base64") }
      : event;
  return printableJson(plain) + "\n";
}
