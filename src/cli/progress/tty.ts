// SPDX-License-Identifier: Apache-2.0
// Progress on a terminal: finished steps scroll away, running ones stay at the bottom with their last lines of output.

import { printable, type BuildEvent, type EventSink } from "../../base/index.js";
import { LineSplitter } from "./line-splitter.js";
import { warningText } from "./warning-text.js";

interface RunningStep {
  readonly name: string;
  readonly startedAt: number;
  readonly splitter: LineSplitter;
  readonly tail: string[];
  progress: string;
}

/** What the printer needs of a terminal. */
export interface Terminal {
  readonly columns: number;
  readonly rows: number;
  readonly colors: boolean;
  write(text: string): void;
}

const tailLines = 5;
const redrawInterval = 100;

/** A sink that draws on a terminal, and `close`, which leaves the terminal with only finished steps on it. */
export function ttyProgress(
  terminal: Terminal,
  clock: () => number,
): { sink: EventSink; close: () => void } {
  const running = new Map<string, RunningStep>();
  let drawn = 0;
  let lastDraw = 0;

  const paint = (code: string, text: string): string =>
    terminal.colors ? `\u001b[${code}m${text}\u001b[0m` : text;
  const fit = (text: string, room: number): string => printable(text).slice(0, Math.max(10, room));
  const erase = (): string => (drawn === 0 ? "" : `\u001b[${drawn}A\u001b[0J`);

  const draw = (above = ""): void => {
    const lines: string[] = [];
    const room = Math.max(4, terminal.rows - 2);
    const share = Math.max(
      0,
      Math.min(tailLines, Math.floor(room / Math.max(1, running.size)) - 1),
    );
    for (const step of running.values()) {
      const time = ((clock() - step.startedAt) / 1000).toFixed(1);
      const right = `${step.progress} ${time}s`;
      lines.push(
        ` ${paint("36", "=>")} ${fit(step.name, terminal.columns - right.length - 6)} ${right}`,
      );
      for (const line of share === 0 ? [] : step.tail.slice(-share))
        lines.push(paint("2", `    ${fit(line, terminal.columns - 6)}`));
    }
    const visible = lines.slice(0, room);
    terminal.write(erase() + above + visible.map((line) => `${line}\n`).join(""));
    drawn = visible.length;
    lastDraw = clock();
  };
  const redraw = (): void => {
    if (clock() - lastDraw >= redrawInterval) draw();
  };
  const timer = setInterval(() => {
    if (running.size > 0) draw();
  }, 200);
  timer.unref();

  const sink = (event: BuildEvent): void => {
    switch (event.kind) {
      case "step-started": {
        const tail: string[] = [];
        const splitter = new LineSplitter((line) => {
          tail.push(line);
          if (tail.length > tailLines) tail.shift();
        });
        running.set(event.step.id, {
          name: event.step.name,
          startedAt: event.time,
          splitter,
          tail,
          progress: "",
        });
        draw();
        break;
      }
      case "step-output":
        running.get(event.id)?.splitter.push(event.data, event.time);
        redraw();
        break;
      case "step-progress": {
        const step = running.get(event.id);
        if (step !== undefined)
          step.progress = `${event.label} ${event.current}${event.total === undefined ? "" : `/${event.total}`}`;
        redraw();
        break;
      }
      case "step-finished": {
        const step = running.get(event.step.id);
        running.delete(event.step.id);
        const time =
          step === undefined ? "" : `${((event.time - step.startedAt) / 1000).toFixed(1)}s`;
        const mark =
          event.outcome === "failed"
            ? paint("31", "ERROR")
            : event.outcome === "done"
              ? paint("32", "DONE")
              : paint("2", event.outcome === "cached" ? "CACHED" : "CANCELED");
        draw(` ${mark} ${fit(event.step.name, terminal.columns - 18)} ${time}\n`);
        break;
      }
      case "warning":
        draw(`${paint("33", "WARNING")} ${printable(warningText(event))}\n`);
        break;
    }
  };
  return {
    sink,
    close: () => {
      clearInterval(timer);
      running.clear();
      draw();
    },
  };
}
