// SPDX-License-Identifier: Apache-2.0
// YAML to values, with anchors, merge keys (`<<`) and the tags `!reset` and `!override`. What a text can make is bounded: an
// anchor of anchors must not grow without end.

import {
  LineCounter,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  parseAllDocuments,
  type Node,
  type Pair,
} from "yaml";
import { TsbuildError } from "../../base/index.js";
import type { BakeFile } from "../types.js";
import { isDeeperThan } from "./yaml-depth.js";

export type Yaml =
  null | boolean | number | bigint | string | readonly Yaml[] | ReadonlyMap<string, Yaml>;
export type YamlMap = ReadonlyMap<string, Yaml>;
export type Path = readonly string[];

export interface YamlDocument {
  readonly value: Yaml;
  /** What `!reset` and `!override` say: what earlier files have there does not count. */
  readonly resets: readonly Path[];
}

const nodeLimit = 100_000;
const depthLimit = 100;

/** The documents of a file. Throws BAKE_FILE, with the place. */
export function parseYaml(file: BakeFile): readonly YamlDocument[] {
  const lines = new LineCounter();
  if (isDeeperThan(depthLimit, file.text)) throw bad(file, "it is nested too deep");
  try {
    const documents = parseAllDocuments(file.text, {
      intAsBigInt: true,
      // The parser would look through all of the others for each key.
      uniqueKeys: false,
      logLevel: "silent",
      prettyErrors: false,
      lineCounter: lines,
    });
    if ("empty" in documents) return [];
    return documents.map((document) => {
      const [error] = document.errors;
      if (error !== undefined) throw new Unreadable(error.message, error.pos[0]);
      return new Walk().document(document.contents);
    });
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const { offset } = error;
    if (offset === undefined) throw bad(file, error.message);
    const { line, col } = lines.linePos(offset);
    throw bad(file, error.message, { startLine: line, endLine: line, startColumn: col });
  }
}

function bad(
  file: BakeFile,
  why: string,
  range: { startLine: number; endLine: number; startColumn?: number } = {
    startLine: 1,
    endLine: 1,
  },
): TsbuildError {
  return new TsbuildError("BAKE_FILE", `failed to parse ${file.name} as YAML: ${why}`, {
    location: { file: file.name, text: file.text, range },
  });
}

class Unreadable extends Error {
  readonly offset: number | undefined;

  constructor(message: string, offset?: number) {
    super(message);
    this.offset = offset;
  }
}

class Walk {
  readonly #anchors = new Map<string, Node>();
  readonly #open = new Set<Node>();
  readonly #resets: Path[] = [];
  #nodes = 0;

  document(contents: unknown): YamlDocument {
    const value = this.#value(contents as Node | null, []) ?? null;
    return { value, resets: this.#resets };
  }

  /** undefined: there is nothing, because of `!reset`. */
  #value(node: Node | null, path: Path): Yaml | undefined {
    if (node === null) return null;
    const at = node.range?.[0];
    if (++this.#nodes > nodeLimit) throw new Unreadable(`it has more than ${nodeLimit} values`, at);
    if (path.length > depthLimit) throw new Unreadable("it is nested too deep", at);
    if (isAlias(node)) {
      const target = this.#anchors.get(node.source);
      if (target === undefined) throw new Unreadable(`there is no anchor ${node.source}`, at);
      if (this.#open.has(target)) throw new Unreadable(`${node.source} contains itself`, at);
      return this.#value(target, path);
    }
    if ("anchor" in node && typeof node.anchor === "string") this.#anchors.set(node.anchor, node);
    if (node.tag === "!reset" || node.tag === "!override") this.#resets.push(path);
    if (node.tag === "!reset") return undefined;
    this.#open.add(node);
    try {
      if (isMap<Node, Node | null>(node)) return this.#map(node.items, path);
      if (isSeq<Node | null>(node))
        return node.items.flatMap((item, i) => {
          const value = this.#value(item, [...path, String(i)]);
          return value === undefined ? [] : [value];
        });
      return isScalar(node) ? scalar(node.value, at) : null;
    } finally {
      this.#open.delete(node);
    }
  }

  /** What a merge key brings counts less than what the map says itself. */
  #map(items: readonly Pair<Node, Node | null>[], path: Path): YamlMap {
    const merged = new Map<string, Yaml>();
    const own = new Map<string, Yaml | undefined>();
    for (const { key, value } of items) {
      const name = this.#key(key);
      if (own.has(name)) throw new Unreadable(`${name} is there twice`, key.range?.[0]);
      if (name === "<<") {
        const brought = this.#value(value, path) ?? null;
        for (const each of Array.isArray(brought) ? (brought as readonly Yaml[]) : [brought]) {
          if (!isYamlMap(each)) throw new Unreadable("<< merges maps only", key.range?.[0]);
          for (const [inner, innerValue] of each)
            if (!merged.has(inner)) merged.set(inner, innerValue);
        }
        continue;
      }
      const said = this.#value(value, [...path, name]);
      own.set(name, said);
    }
    const all = new Map<string, Yaml>(merged);
    for (const [name, said] of own) if (said !== undefined) all.set(name, said);
    return all;
  }

  #key(key: Node): string {
    const value = this.#value(key, []);
    if (typeof value === "string") return value;
    throw new Unreadable("a key is not a string", key.range?.[0]);
  }
}

function scalar(value: unknown, at: number | undefined): Yaml {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "number":
    case "bigint":
      return value;
    default:
      if (value === null || value === undefined) return null;
      throw new Unreadable("this is not a kind of value that a Compose file has", at);
  }
}

export function isYamlMap(value: Yaml | undefined): value is YamlMap {
  return value instanceof Map;
}

export function isYamlList(value: Yaml | undefined): value is readonly Yaml[] {
  return Array.isArray(value);
}
