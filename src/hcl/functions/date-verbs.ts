// SPDX-License-Identifier: Apache-2.0
// The letters of formats of dates.

import { argumentError } from "../errors.js";
import { spend } from "../work.js";
import { localDate, zone, type Timestamp } from "./timestamps.js";

const months =
  "January February March April May June July August September October November December".split(
    " ",
  );
const weekdays = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

/** What stands for a letter, repeated or not. Throws if there is no such verb. */
export function dateVerb(verb: string, timestamp: Timestamp): string {
  spend(100);
  const date = localDate(timestamp);
  const given = verbs(date, timestamp.offset, date.getUTCHours());
  const meant = given.get(verb);
  if (meant !== undefined) return meant;
  const known = [...given.keys()].filter((name) => name.startsWith(verb.slice(0, 1)));
  throw argumentError(
    known.length === 0
      ? `the format has no verb ${verb.slice(0, 10)}; plain letters stand between '`
      : `the format has no verb ${verb.slice(0, 10)}, but ${known.join(", ")}`,
  );
}

function verbs(date: Date, offset: number, hour: number): ReadonlyMap<string, string> {
  const month = months[date.getUTCMonth()] ?? "";
  const weekday = weekdays[date.getUTCDay()] ?? "";
  const half = hour < 12 ? "AM" : "PM";
  const year = String(date.getUTCFullYear()).padStart(4, "0");
  const hours = zone(offset, "");
  return new Map([
    ["YY", year.slice(-2)],
    ["YYYY", year],
    ...counted("M", date.getUTCMonth() + 1),
    ["MMM", month.slice(0, 3)],
    ["MMMM", month],
    ...counted("D", date.getUTCDate()),
    ["EEE", weekday.slice(0, 3)],
    ["EEEE", weekday],
    ...counted("h", hour),
    ...counted("H", hour % 12 === 0 ? 12 : hour % 12),
    ["AA", half],
    ["aa", half.toLowerCase()],
    ...counted("m", date.getUTCMinutes()),
    ...counted("s", date.getUTCSeconds()),
    ["Z", zone(offset, ":", "Z")],
    ["ZZZ", hours === "+0000" ? "UTC" : hours],
    ["ZZZZ", hours],
    ["ZZZZZ", zone(offset, ":")],
  ]);
}

function counted(letter: string, value: number): [string, string][] {
  return [
    [letter, String(value)],
    [letter + letter, String(value).padStart(2, "0")],
  ];
}
