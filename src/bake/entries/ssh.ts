// SPDX-License-Identifier: Apache-2.0
// SSH agents and keys: `default`, `key=path,path`.

import { compareNames } from "../../base/index.js";
import type { HclValue } from "../../hcl/index.js";
import { entriesOf, objectOf, stringOf, stringsOf } from "../values.js";
import { entryList, lastOfEach } from "./pairs.js";

export interface SshEntry {
  readonly id: string;
  readonly paths: readonly string[];
}

export function parseSsh(text: string): SshEntry {
  const at = text.indexOf("=");
  if (at === -1) return { id: text, paths: [] };
  return { id: text.slice(0, at), paths: text.slice(at + 1).split(",") };
}

export function readSsh(value: HclValue): readonly SshEntry[] {
  return entryList(value, (text) => [parseSsh(text)], fromObject);
}

function fromObject(value: HclValue): SshEntry {
  const entries = new Map(entriesOf(value));
  const id = entries.get("id") ?? null;
  const paths = entries.get("paths") ?? null;
  return { id: id === null ? "" : stringOf(id), paths: paths === null ? [] : stringsOf(paths) };
}

export function sshValue(entry: SshEntry): HclValue {
  return objectOf([
    ["id", entry.id],
    ["paths", entry.paths],
  ]);
}

/** As the flag `--ssh` takes it, which knows no quotes. */
export function sshText(entry: SshEntry): string {
  if (entry.paths.length === 0) return entry.id;
  return `${entry.id}=${entry.paths.join(",")}`;
}

export function uniqueSsh(entries: readonly SshEntry[]): readonly SshEntry[] {
  return lastOfEach(entries, (entry) => entry.id);
}

export function sortedSsh(entries: readonly SshEntry[]): readonly SshEntry[] {
  return [...entries].sort((a, b) => compareNames(a.id, b.id));
}
