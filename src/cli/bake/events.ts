// SPDX-License-Identifier: Apache-2.0
// Events of several builds in one progress: each step says of which target it is.

import type { BuildEvent, EventSink, StepInfo } from "../../base/index.js";

/** A sink for one target's events. Its steps have ids, and names, of their own: `[app build 1/2] RUN make`. */
export function eventsOf(target: string, sink: EventSink): EventSink {
  const step = ({ id, name, ...rest }: StepInfo): StepInfo => ({
    ...rest,
    id: `${target}\0${id}`,
    name: name.startsWith("[") ? `[${target} ${name.slice(1)}` : `[${target}] ${name}`,
  });
  return (event: BuildEvent) => {
    switch (event.kind) {
      case "step-started":
      case "step-finished":
        sink({ ...event, step: step(event.step) });
        return;
      case "step-output":
      case "step-progress":
        sink({ ...event, id: `${target}\0${event.id}` });
        return;
      case "warning":
        sink({ ...event, message: `${target}: ${event.message}` });
        return;
    }
  };
}
