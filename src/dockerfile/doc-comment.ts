// SPDX-License-Identifier: Apache-2.0
// Doc comments: `# name text` above FROM or ARG describes the stage or argument `name`.

/** The description of `name` among comment lines, if one starts with it and a blank. */
export function descriptionOf(comments: readonly string[], name: string): string | undefined {
  if (name === "") return undefined;
  const found = comments.find((comment) => comment.startsWith(`${name} `));
  return found?.slice(name.length + 1);
}
