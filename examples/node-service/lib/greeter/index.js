// SPDX-License-Identifier: Apache-2.0
/** A greeting for a name; a blank name greets the world. */
export function greet(name) {
  return `Hello ${name.trim() || "World"}!`;
}
