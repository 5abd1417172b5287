// SPDX-License-Identifier: Apache-2.0
// Matches whole paths against globs in which `**` spans directories, with the meaning that .dockerignore gives them.
// The states are walked side by side, so the cost is at most tokens times characters, whatever the pattern.

import { codePoints, slash, takes, type GlobToken } from "./glob.js";

type Step =
  | { readonly kind: "one"; readonly token: GlobToken }
  /** `[^/]*` */
  | { readonly kind: "within" }
  /** `.*` */
  | { readonly kind: "anything" }
  /** `(.*\/)?`: two states, the entry (which may be skipped) and the loop (left only by a `/`). */
  | { readonly kind: "entry" }
  | { readonly kind: "loop" };

/**
 * Tokens to steps. Two stars are `**`; a `/` after them belongs to them. At the end `**` is anything; before something it is
 * any number of whole directories; but at the very beginning, with only plain characters after it, it is any text
 * (`**file` takes `myfile`). That exception is the reference implementation's, and people's files rely on it.
 */
function compile(tokens: readonly GlobToken[]): Step[] {
  const steps: Step[] = [];
  const leading = tokens[0]?.kind === "star" && tokens[1]?.kind === "star";
  if (leading && tokens.slice(2).every((token) => token.kind === "char")) {
    const rest = tokens.slice(2);
    const first = rest[0];
    const wholeNames = first?.kind === "char" && first.value === slash;
    steps.push(wholeNames ? { kind: "entry" } : { kind: "anything" });
    if (wholeNames) steps.push({ kind: "loop" });
    for (const token of wholeNames ? rest.slice(1) : rest) steps.push({ kind: "one", token });
    return steps;
  }
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token === undefined) break;
    if (token.kind !== "star") {
      steps.push({ kind: "one", token });
    } else if (tokens[i + 1]?.kind !== "star") {
      steps.push({ kind: "within" });
    } else {
      i++;
      const after = tokens[i + 1];
      if (after?.kind === "char" && after.value === slash) i++;
      if (i + 1 >= tokens.length) steps.push({ kind: "anything" });
      else steps.push({ kind: "entry" }, { kind: "loop" });
    }
  }
  return steps;
}

/** A compiled glob over whole paths. */
export class PathAutomaton {
  readonly #steps: readonly Step[];

  constructor(tokens: readonly GlobToken[]) {
    this.#steps = compile(tokens);
  }

  matches(path: string): boolean {
    return this.#run(path)[this.#steps.length] === 1;
  }

  /** True when some longer path that begins with `directory` and a `/` could match. */
  canMatchBelow(directory: string): boolean {
    return this.#run(`${directory}/`).some((alive) => alive === 1);
  }

  /** Which states are alive after the text: one flag for each step, and one for the end. */
  #run(text: string): Uint8Array {
    const steps = this.#steps;
    let current = new Uint8Array(steps.length + 1);
    let next = new Uint8Array(steps.length + 1);
    enter(steps, current, 0);
    for (const char of codePoints(text)) {
      next.fill(0);
      for (let state = 0; state < steps.length; state++) {
        if (current[state] !== 1) continue;
        const step = steps[state];
        if (step === undefined) continue;
        if (step.kind === "one") {
          if (takes(step.token, char)) enter(steps, next, state + 1);
        } else if (step.kind === "within") {
          if (char !== slash) enter(steps, next, state);
        } else if (step.kind === "anything") {
          enter(steps, next, state);
        } else if (step.kind === "loop") {
          next[state] = 1;
          if (char === slash) enter(steps, next, state + 1);
        }
      }
      [current, next] = [next, current];
    }
    return current;
  }
}

/** Makes a state alive, and those that follow it without taking a character. */
function enter(steps: readonly Step[], alive: Uint8Array, first: number): void {
  for (let state = first; state <= steps.length; state++) {
    if (alive[state] === 1) return;
    alive[state] = 1;
    const kind = steps[state]?.kind;
    if (kind === "entry") {
      // The loop right after it comes alive; skipping both is the other way in.
      alive[state + 1] = 1;
      state++;
    } else if (kind !== "within" && kind !== "anything") return;
  }
}
