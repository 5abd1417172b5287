// SPDX-License-Identifier: Apache-2.0
// A stack of things to undo, for `await using`. (Node 20 has no AsyncDisposableStack.)

type Undo = () => void | Promise<void>;

/** Collects undo actions; disposing runs them last-in first-out, each once, and reports the first failure. */
export class CleanupStack implements AsyncDisposable {
  #actions: Undo[] = [];

  /** Registers an undo action. */
  defer(undo: Undo): void {
    this.#actions.push(undo);
  }

  /** Registers a disposable and hands it back. */
  use<T extends AsyncDisposable>(resource: T): T {
    this.defer(async () => resource[Symbol.asyncDispose]());
    return resource;
  }

  /** Hands all actions over to a new stack; this one then undoes nothing. */
  move(): CleanupStack {
    const moved = new CleanupStack();
    moved.#actions = this.#actions;
    this.#actions = [];
    return moved;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const errors: unknown[] = [];
    for (let undo = this.#actions.pop(); undo !== undefined; undo = this.#actions.pop()) {
      try {
        await undo();
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length === 1) throw errors[0];
    if (errors.length > 1) throw new AggregateError(errors, "several clean-up actions failed");
  }
}
