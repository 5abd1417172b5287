// SPDX-License-Identifier: Apache-2.0
// Patterns for names of targets: `*`, `?`, `[a-z]`, and `\` in front of what is meant as such. Each star looks for its end once
// only, so that no pattern takes long.

type Token = "*" | ((character: string) => boolean);

/** True when a name of a target is a pattern. */
export function isGlob(text: string): boolean {
  return /[*?[\]]/.test(text);
}

/** Whether a name matches, as a function; undefined when the pattern is none. */
export function parseGlob(pattern: string): ((name: string) => boolean) | undefined {
  const tokens = tokensOf(pattern);
  return tokens === undefined ? undefined : (name) => matches(tokens, name);
}

function tokensOf(pattern: string): readonly Token[] | undefined {
  const tokens: Token[] = [];
  const characters = Array.from(pattern);
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i] ?? "";
    if (character === "*") tokens.push("*");
    else if (character === "?") tokens.push((each) => each !== "/");
    else if (character === "[") {
      const range = rangeAt(characters, i + 1);
      if (range === undefined) return undefined;
      tokens.push(range.matches);
      i = range.end;
    } else if (character === "\\") {
      const escaped = characters[++i];
      if (escaped === undefined) return undefined;
      tokens.push((each) => each === escaped);
    } else tokens.push((each) => each === character);
  }
  return tokens;
}

function rangeAt(
  characters: readonly string[],
  start: number,
): { readonly matches: (character: string) => boolean; readonly end: number } | undefined {
  const ranges: (readonly [low: string, high: string])[] = [];
  const negated = characters[start] === "^";
  let i = negated ? start + 1 : start;
  const next = (): string | undefined => {
    const character = characters[i++];
    if (character === "\\") return characters[i++];
    return character === "-" || character === "]" ? undefined : character;
  };
  while (characters[i] !== "]" || ranges.length === 0) {
    const low = next();
    if (low === undefined) return undefined;
    if (characters[i] !== "-") {
      ranges.push([low, low]);
      continue;
    }
    i++;
    const high = next();
    if (high === undefined) return undefined;
    ranges.push([low, high]);
  }
  return {
    matches: (each) =>
      each !== "/" && ranges.some(([low, high]) => low <= each && each <= high) !== negated,
    end: i,
  };
}

function matches(tokens: readonly Token[], name: string): boolean {
  const characters = Array.from(name);
  let token = 0;
  let star = -1;
  let from = 0;
  for (let i = 0; i < characters.length;) {
    const now = tokens[token];
    const character = characters[i] ?? "";
    if (now === "*") {
      star = token++;
      from = i;
    } else if (now?.(character) === true) {
      token++;
      i++;
    } else if (star >= 0 && characters[from] !== "/") {
      token = star + 1;
      i = ++from;
    } else return false;
  }
  while (tokens[token] === "*") token++;
  return token === tokens.length;
}
