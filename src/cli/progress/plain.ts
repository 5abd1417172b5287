// SPDX-License-Identifier: Apache-2.0
// Plain progress: one line per fact, each with its step's number, fit for logs.

import { printable, type BuildEvent, type EventSink } from "../../base/index.js";
import { LineSplitter } from "./line-splitter.js";
import { warningText } from "./warning-text.js";

interface ShownStep {
  readonly number: number;
  readonly startedAt: number;
  readonly lines: { readonly stdout: LineSplitter; readonly stderr: LineSplitter };
  lastProgress: number;
}

/** Milliseconds between two progress lines of one step. */
const progressInterval = 1000;

/** Characters. */
const writtenAtOnce = 16 * 1024;

/** A sink that writes lines such as `#3 [build 2/4] RUN make` and `#3 0.412 cc -o app` through `write`. */
export function plainProgress(out: (text: string) => void): EventSink {
  // What one event makes is written at once: a chunk of a step's output may be thousands of lines.
  let pending = "";
  const flush = (): void => {
    if (pending !== "") out(pending);
    pending = "";
  };
  const show = plainLines((text) => {
    pending += text;
    if (pending.length >= writtenAtOnce) flush();
  });
  return (event) => {
    show(event);
    flush();
  };
}

function plainLines(write: (text: string) => void): EventSink {
  const steps = new Map<string, ShownStep>();
  const numbers = new Map<string, number>();

  const numberOf = (id: string): number => {
    const known = numbers.get(id) ?? numbers.size + 1;
    numbers.set(id, known);
    return known;
  };
  const line = (number: number, text: string): void => {
    // Each line has the number: none may look like something else, such as a command to the runner of a workflow.
    const start = `#${number} `;
    write(`${start}${printable(text).replaceAll("\n", `\n${start}`)}\n`);
  };

  return (event: BuildEvent): void => {
    switch (event.kind) {
      case "step-started": {
        const number = numberOf(event.step.id);
        const splitter = (): LineSplitter =>
          new LineSplitter((text, time) => {
            line(number, `${seconds(time - event.time)} ${text}`);
          });
        steps.set(event.step.id, {
          number,
          startedAt: event.time,
          lines: { stdout: splitter(), stderr: splitter() },
          lastProgress: event.time,
        });
        line(number, event.step.name);
        break;
      }
      case "step-output":
        steps.get(event.id)?.lines[event.stream].push(event.data, event.time);
        break;
      case "step-progress": {
        const step = steps.get(event.id);
        if (step === undefined || event.time - step.lastProgress < progressInterval) break;
        step.lastProgress = event.time;
        const total = event.total === undefined ? "" : ` / ${event.total}`;
        line(step.number, `${event.label} ${event.current}${total}`);
        break;
      }
      case "step-finished": {
        const step = steps.get(event.step.id);
        const number = numberOf(event.step.id);
        step?.lines.stdout.end(event.time);
        step?.lines.stderr.end(event.time);
        if (step === undefined) line(number, event.step.name);
        line(number, outcome(event, step?.startedAt));
        write("\n");
        break;
      }
      case "warning":
        write(printable(`WARNING: ${warningText(event)}`).replaceAll("\n", "\n  | ") + "\n");
        break;
    }
  };
}

function outcome(
  event: Extract<BuildEvent, { kind: "step-finished" }>,
  startedAt: number | undefined,
): string {
  switch (event.outcome) {
    case "cached":
      return "CACHED";
    case "cancelled":
      return "CANCELED";
    case "failed":
      return `ERROR: ${event.message ?? ""}`;
    case "done":
      return `DONE ${seconds(event.time - (startedAt ?? event.time), 1)}s`;
  }
}

function seconds(milliseconds: number, digits = 3): string {
  return (Math.max(0, milliseconds) / 1000).toFixed(digits);
}
