// SPDX-License-Identifier: Apache-2.0
// A profile of system calls in the container engines' JSON format (Docker's and Podman's, and the subset that the OCI's
// runtime specification has): read, checked, and not yet resolved for a machine. A mistake is told with its line.

import { constants } from "node:os";
import { didYouMean } from "../base/index.js";
import { JsonSource, type LocatedJson } from "./located-json.js";

export type FilterAction =
  "allow" | "errno" | "kill-thread" | "kill-process" | "trap" | "trace" | "log";
export type Comparison = "ne" | "lt" | "le" | "eq" | "ge" | "gt" | "masked";

/** What happens to a call; `data`: the errno, or the message to a tracer. */
export interface FilterAnswer {
  readonly action: FilterAction;
  readonly data?: number;
}

/** On one argument. Numbers are unsigned 64-bit decimals. `masked`: (argument & mask) == value. */
export interface FilterCondition {
  readonly argument: number;
  readonly comparison: Comparison;
  readonly value: string;
  readonly mask: string;
}

/** When a rule counts: every list that is given must fit. */
export interface FilterScope {
  readonly capabilities?: readonly string[];
  readonly architectures?: readonly string[];
  /** `5.10`. */
  readonly minKernel?: string;
}

export interface FilterRule {
  readonly names: readonly string[];
  readonly answer: FilterAnswer;
  readonly conditions: readonly FilterCondition[];
  readonly includes: FilterScope;
  readonly excludes: FilterScope;
}

export interface SeccompProfile {
  readonly fallback: FilterAnswer;
  /** As SCMP_ARCH_X; each with the others that come with it. */
  readonly architectures: readonly { readonly name: string; readonly also: readonly string[] }[];
  readonly flags: readonly string[];
  readonly rules: readonly FilterRule[];
}

const EPERM = 1;
const actions: Readonly<Record<string, FilterAction>> = {
  SCMP_ACT_ALLOW: "allow",
  SCMP_ACT_ERRNO: "errno",
  SCMP_ACT_KILL: "kill-thread",
  SCMP_ACT_KILL_THREAD: "kill-thread",
  SCMP_ACT_KILL_PROCESS: "kill-process",
  SCMP_ACT_TRAP: "trap",
  SCMP_ACT_TRACE: "trace",
  SCMP_ACT_LOG: "log",
};
const comparisons: Readonly<Record<string, Comparison>> = {
  SCMP_CMP_NE: "ne",
  SCMP_CMP_LT: "lt",
  SCMP_CMP_LE: "le",
  SCMP_CMP_EQ: "eq",
  SCMP_CMP_GE: "ge",
  SCMP_CMP_GT: "gt",
  SCMP_CMP_MASKED_EQ: "masked",
};
const knownFlags = [
  "SECCOMP_FILTER_FLAG_TSYNC",
  "SECCOMP_FILTER_FLAG_LOG",
  "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
];
const MAX_U64 = 0xffff_ffff_ffff_ffffn;
const MAX_DATA = 0xffff;

/** Narrows located values, with errors that say where. */
class Reader {
  readonly #source: JsonSource;

  constructor(source: JsonSource) {
    this.#source = source;
  }

  fail(at: LocatedJson, problem: string): never {
    throw this.#source.error(at.at, problem);
  }

  /** The fields of an object, all of which must be known. */
  object(
    value: LocatedJson,
    what: string,
    known: readonly string[],
  ): ReadonlyMap<string, LocatedJson> {
    if (value.kind !== "object") this.fail(value, `${what} must be an object`);
    for (const [name, field] of value.fields)
      if (!known.includes(name))
        this.fail(field, `${what} has no field ${name}${didYouMean(name, known)}`);
    return value.fields;
  }

  /** The items of an array; missing and null are none. */
  array(value: LocatedJson | undefined, what: string): readonly LocatedJson[] {
    if (value === undefined || (value.kind === "literal" && value.value === null)) return [];
    if (value.kind !== "array") this.fail(value, `${what} must be an array`);
    return value.items;
  }

  string(value: LocatedJson, what: string): string {
    if (value.kind !== "string") this.fail(value, `${what} must be a string`);
    return value.value;
  }

  strings(value: LocatedJson | undefined, what: string): string[] {
    return this.array(value, what).map((item) => this.string(item, `each of ${what}`));
  }

  /** One of the words of a table. */
  word<T>(value: LocatedJson, what: string, words: Readonly<Record<string, T>>): T {
    const text = this.string(value, what);
    const found = Object.hasOwn(words, text) ? words[text] : undefined;
    if (found === undefined)
      this.fail(value, `${text} is no ${what}${didYouMean(text, Object.keys(words))}`);
    return found;
  }

  unsigned(value: LocatedJson | undefined, what: string, max: bigint): bigint {
    if (value === undefined) return 0n;
    const digits = value.kind === "number" && /^\d+$/.test(value.text) ? BigInt(value.text) : -1n;
    if (digits < 0n || digits > max)
      this.fail(value, `${what} must be a whole number from 0 to ${max}`);
    return digits;
  }
}

function readAnswer(
  reader: Reader,
  action: LocatedJson,
  number: LocatedJson | undefined,
  name: LocatedJson | undefined,
): FilterAnswer {
  const isNotify = action.kind === "string" && action.value === "SCMP_ACT_NOTIFY";
  if (isNotify) reader.fail(action, "SCMP_ACT_NOTIFY needs an agent, which a build does not have");
  const known = reader.word(action, "action", actions);
  if (known !== "errno" && known !== "trace") return { action: known };
  if (name !== undefined)
    return { action: known, data: reader.word(name, "errno", constants.errno) };
  const data =
    number === undefined || isNull(number)
      ? EPERM
      : Number(reader.unsigned(number, "errnoRet", BigInt(MAX_DATA)));
  return { action: known, data };
}

function isNull(value: LocatedJson): boolean {
  return value.kind === "literal" && value.value === null;
}

function readCondition(reader: Reader, value: LocatedJson): FilterCondition {
  const fields = reader.object(value, "a condition", ["index", "value", "valueTwo", "op"]);
  const op = fields.get("op");
  if (op === undefined) reader.fail(value, "a condition needs an op");
  const comparison = reader.word(op, "comparison", comparisons);
  const first = String(reader.unsigned(fields.get("value"), "value", MAX_U64));
  const second = String(reader.unsigned(fields.get("valueTwo"), "valueTwo", MAX_U64));
  const argument = Number(reader.unsigned(fields.get("index"), "index", 5n));
  // For SCMP_CMP_MASKED_EQ the first number is the mask, and the second one what is compared.
  return comparison === "masked"
    ? { argument, comparison, value: second, mask: first }
    : { argument, comparison, value: first, mask: String(MAX_U64) };
}

function readScope(reader: Reader, value: LocatedJson | undefined): FilterScope {
  if (value === undefined || isNull(value)) return {};
  const fields = reader.object(value, "a scope", ["caps", "arches", "minKernel"]);
  const minKernel = fields.get("minKernel");
  const kernel = minKernel === undefined ? "" : reader.string(minKernel, "minKernel");
  if (minKernel !== undefined && kernel !== "" && !/^\d+\.\d+$/.test(kernel))
    reader.fail(minKernel, "minKernel must be like 5.10");
  const capabilities = reader.strings(fields.get("caps"), "caps");
  const architectures = reader.strings(fields.get("arches"), "arches");
  return {
    ...(capabilities.length === 0 ? {} : { capabilities }),
    ...(architectures.length === 0 ? {} : { architectures }),
    ...(kernel === "" ? {} : { minKernel: kernel }),
  };
}

/** `libseccomp` takes one condition on an argument: with several on one, each alone is enough, as runc has it. */
function alternatives(conditions: readonly FilterCondition[]): FilterCondition[][] {
  const repeated = new Set(conditions.map(({ argument }) => argument)).size < conditions.length;
  return repeated ? conditions.map((condition) => [condition]) : [[...conditions]];
}

function readRules(reader: Reader, value: LocatedJson): FilterRule[] {
  const fields = reader.object(value, "a rule", [
    ...["name", "names", "action", "errnoRet", "errno", "args"],
    ...["comment", "priority", "includes", "excludes"],
  ]);
  const action = fields.get("action");
  if (action === undefined) reader.fail(value, "a rule needs an action");
  const name = fields.get("name");
  const names = reader.strings(fields.get("names"), "names");
  if (name !== undefined && names.length > 0) reader.fail(name, "a rule has either name or names");
  if (name !== undefined) names.push(reader.string(name, "name"));
  for (const call of names)
    if (!/^[a-z0-9_]{1,64}$/i.test(call)) reader.fail(value, `${call} is no name of a system call`);
  if (names.length === 0) reader.fail(value, "a rule needs names");
  const answer = readAnswer(reader, action, fields.get("errnoRet"), fields.get("errno"));
  const conditions = reader
    .array(fields.get("args"), "args")
    .map((arg) => readCondition(reader, arg));
  const scopes = {
    includes: readScope(reader, fields.get("includes")),
    excludes: readScope(reader, fields.get("excludes")),
  };
  return alternatives(conditions).map((some) => ({ names, answer, conditions: some, ...scopes }));
}

function readArchitectures(
  reader: Reader,
  fields: ReadonlyMap<string, LocatedJson>,
): SeccompProfile["architectures"] {
  const map = reader.array(fields.get("archMap"), "archMap");
  const list = reader.array(fields.get("architectures"), "architectures");
  if (map[0] !== undefined && list.length > 0)
    reader.fail(map[0], "a profile has either archMap or architectures");
  const known = (value: LocatedJson): string => {
    const text = reader.string(value, "an architecture");
    if (!/^SCMP_ARCH_[A-Z0-9_]+$/.test(text)) reader.fail(value, `${text} is no SCMP_ARCH_ name`);
    return text;
  };
  if (list.length > 0) return list.map((value) => ({ name: known(value), also: [] }));
  return map.map((value) => {
    const entry = reader.object(value, "an entry of archMap", ["architecture", "subArchitectures"]);
    const name = entry.get("architecture");
    if (name === undefined) return reader.fail(value, "an entry of archMap needs an architecture");
    const also = reader.array(entry.get("subArchitectures"), "subArchitectures").map(known);
    return { name: known(name), also };
  });
}

function readFlags(reader: Reader, value: LocatedJson | undefined): string[] {
  return reader.array(value, "flags").map((item) => {
    const flag = reader.string(item, "a flag");
    if (!knownFlags.includes(flag))
      reader.fail(item, `${flag} is not supported${didYouMean(flag, knownFlags)}`);
    return flag;
  });
}

/**
 * Reads a profile. `file` is how the user named it.
 * @throws SANDBOX_SECCOMP_PROFILE, with the line
 */
export function parseSeccompProfile(file: string, content: string): SeccompProfile {
  const source = new JsonSource(file, content, "SANDBOX_SECCOMP_PROFILE");
  const reader: Reader = new Reader(source);
  const top = source.parse();
  const fields = reader.object(top, "a profile", [
    ...["defaultAction", "defaultErrnoRet", "defaultErrno", "archMap", "architectures"],
    ...["syscalls", "flags", "listenerPath", "listenerMetadata", "comment"],
  ]);
  const action = fields.get("defaultAction");
  if (action === undefined) reader.fail(top, "a profile needs a defaultAction");
  const listener = fields.get("listenerPath") ?? fields.get("listenerMetadata");
  if (listener !== undefined && !(listener.kind === "string" && listener.value === ""))
    reader.fail(listener, "an agent for notifications is not supported");
  return {
    fallback: readAnswer(reader, action, fields.get("defaultErrnoRet"), fields.get("defaultErrno")),
    architectures: readArchitectures(reader, fields),
    flags: readFlags(reader, fields.get("flags")),
    rules: reader
      .array(fields.get("syscalls"), "syscalls")
      .flatMap((rule) => readRules(reader, rule)),
  };
}
