// SPDX-License-Identifier: Apache-2.0
// What a build tells about itself while it runs. The progress printers in cli/ draw these; nothing else may print.

import type { SourceLocation } from "./errors.js";

/** One step as the user sees it: `[build 2/5] RUN make`. */
export interface StepInfo {
  readonly id: string;
  readonly name: string;
  readonly location?: SourceLocation;
}

export type BuildEvent =
  | { readonly kind: "step-started"; readonly step: StepInfo; readonly time: number }
  | {
      readonly kind: "step-output";
      readonly id: string;
      readonly stream: "stdout" | "stderr";
      readonly data: Uint8Array;
      readonly time: number;
    }
  | {
      readonly kind: "step-progress";
      readonly id: string;
      readonly label: string;
      readonly current: number;
      readonly total?: number;
      readonly time: number;
    }
  | {
      readonly kind: "step-finished";
      readonly step: StepInfo;
      readonly outcome: "done" | "cached" | "failed" | "cancelled";
      readonly message?: string;
      readonly time: number;
    }
  | {
      readonly kind: "warning";
      readonly message: string;
      readonly rule?: string;
      readonly url?: string;
      readonly detail?: string;
      readonly location?: SourceLocation;
    };

/** Where events go. Must not throw and must not block. */
export type EventSink = (event: BuildEvent) => void;

/** A message becomes a warning among the events. */
export function warningsTo(events: EventSink): (message: string) => void {
  return (message) => {
    events({ kind: "warning", message });
  };
}
