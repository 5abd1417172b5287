// SPDX-License-Identifier: Apache-2.0
// Cases about words alone: many expressions in one Dockerfile.

import type { Random } from "../../support/random.js";
import type { PeerCase } from "./case.js";
import { usual, variables, word, type Oddness } from "./words.js";

const perCase = 40;

/** Forms in which an expression shows what it becomes. Numbers keep keys apart. */
function shown(random: Random, how: Oddness, i: number): string {
  const text = word(random, how);
  switch (
    random.weighted({
      label: 10,
      quoted: 3,
      env: 4,
      arg: 3,
      old: 1,
      key: 1,
      two: 2,
      volume: 1,
      cmd: 1,
      copy: 2,
    })
  ) {
    case "label":
      return `LABEL l${i}=${text}\n`;
    case "quoted":
      return `LABEL l${i}="${text.replace(/["'\\]/g, "")}"\n`;
    case "env":
      return `ENV E${i}=${text}\nLABEL e${i}=$E${i}\n`;
    case "arg":
      return `ARG A${i}=${text.replaceAll(/[ \t]/g, "")}\nLABEL a${i}=$A${i} a${i}d=\${A${i}-unset}\n`;
    case "old":
      return `${random.pick(["LABEL", "ENV"])} o${i}${random.pick([" ", "  ", "\t"])}${text} ${word(random, how)}${random.pick(["", " "])}\n`;
    case "key":
      return `LABEL k${i}${word(random, { ...how, odd: 0 })}=x\n`;
    case "two":
      return `LABEL t${i}=${text} u${i}=${word(random, how)}${random.pick(["", " ", "\t"])}\n`;
    case "volume":
      return `VOLUME /v${i}${text.replace(/[ \t'"]/g, "")}\n`;
    case "cmd":
      return `CMD ${text.replaceAll("<<", "<")}\n`;
    case "copy":
      return `COPY <<E /c${i}\n${word(random, how)}\n${text} "$A" '$A' ${how.escape}$A\nE\n`;
  }
}

export function manyWords(random: Random): PeerCase {
  const backtick = random.chance(15);
  const how: Oddness = { ...usual, odd: random.pick([0, 25, 60]), escape: backtick ? "`" : "\\" };
  const head = `${backtick ? "# escape=`\n" : ""}FROM scratch\n${variables}`;
  return {
    family: "words",
    pieces: [head, ...Array.from({ length: perCase }, (_, i) => shown(random, how, i))],
    context: {},
    args: random.chance(30) ? ["--build-arg=V=given", "--build-arg=U="] : [],
    images: [],
    head: 1,
  };
}

/** One expression that may well be an error. */
export function wrongWord(random: Random): PeerCase {
  const how: Oddness = { ...usual, odd: 60, wrong: 40 };
  const text = broken(random, word(random, how));
  return {
    family: "wrong-word",
    pieces: [`FROM scratch\n${variables}`, `LABEL l=${text}\n`],
    context: {},
    args: [],
    images: [],
  };
}

function broken(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  const insert = random.pick([
    "",
    "${",
    "}",
    '"',
    "'",
    "\\",
    "$",
    "/",
    ":",
    " ",
    "${}",
    "${:",
    "${{",
  ]);
  const cut = random.below(2);
  return text.slice(0, at) + insert + text.slice(at + cut);
}
