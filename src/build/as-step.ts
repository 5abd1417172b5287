// SPDX-License-Identifier: Apache-2.0
// Work that is no vertex, shown like one.

import { defined, messageOf, type BuildEvent, type EventSink } from "../base/index.js";

/** Tells of the work as of a step of this name. `progress`: bytes or entries so far, under a short label. */
export async function asStep<T>(
  name: string,
  events: EventSink,
  signal: AbortSignal,
  work: (progress: (label: string, current: number, total?: number) => void) => Promise<T>,
): Promise<T> {
  const step = { id: name, name };
  events({ kind: "step-started", step, time: Date.now() });
  try {
    const result = await work((label, current, total) => {
      events({
        kind: "step-progress",
        id: step.id,
        label,
        current,
        ...defined({ total }),
        time: Date.now(),
      });
    });
    events({ kind: "step-finished", step, outcome: "done", time: Date.now() });
    return result;
  } catch (error) {
    const outcome = signal.aborted ? "cancelled" : "failed";
    events({ kind: "step-finished", step, outcome, message: messageOf(error), time: Date.now() });
    throw error;
  }
}

/** Of work that mostly ends at once, it is told only when it takes longer than so many milliseconds. */
export async function asSlowStep<T>(
  name: string,
  milliseconds: number,
  events: EventSink,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const held: BuildEvent[] = [];
  let tell: EventSink = (event) => {
    held.push(event);
  };
  const timer = setTimeout(() => {
    held.forEach(events);
    tell = events;
  }, milliseconds);
  try {
    return await asStep(
      name,
      (event) => {
        tell(event);
      },
      signal,
      work,
    );
  } finally {
    clearTimeout(timer);
  }
}
