// SPDX-License-Identifier: Apache-2.0
// One process at a time, without any lock of the kernel's, of which Node has none: Lamport's bakery, with marks as numbers, so that a
// process that is killed holds up nobody. A turn costs ten system calls: it is for what is done once.

import { Marks } from "./marks.js";

/** Milliseconds after which nobody waits any more for one whose turn it is: what is done in one takes a few. */
const patience = 30_000;
const choosing = ".choosing";
const turn = ".turn-";

export class Turns {
  readonly #marks: Marks;

  constructor(directory: string) {
    this.#marks = new Marks(directory, patience);
  }

  /** Runs an action while no other process runs one of these. */
  alone<T>(action: () => T): T {
    const number = this.#draw();
    try {
      const begun = Date.now();
      while (this.#isBefore(number) && Date.now() - begun < patience) pause();
      return action();
    } finally {
      this.#marks.clear(turn + String(number));
    }
  }

  /** A number for one's turn, higher than any that is out. */
  #draw(): number {
    this.#marks.set(choosing);
    try {
      const number = 1 + Math.max(0, ...this.#marks.others().map((name) => turnOf(name) ?? 0));
      this.#marks.set(turn + String(number));
      return number;
    } finally {
      this.#marks.clear(choosing);
    }
  }

  /** Whether someone comes before a turn of ours, or may be about to draw a number that does. */
  #isBefore(number: number): boolean {
    return this.#marks.others().some((name) => {
      if (name.endsWith(choosing)) return true;
      const other = turnOf(name);
      return (
        other !== undefined && (other < number || (other === number && name < this.#marks.own))
      );
    });
  }
}

function turnOf(name: string): number | undefined {
  const at = name.lastIndexOf(turn);
  return at < 0 ? undefined : Number(name.slice(at + turn.length));
}

const never = new Int32Array(new SharedArrayBuffer(4));

/** A millisecond: whoever waits for a turn has nothing else to do. */
function pause(): void {
  Atomics.wait(never, 0, 0, 1);
}
