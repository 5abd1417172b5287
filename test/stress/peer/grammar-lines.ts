// SPDX-License-Identifier: Apache-2.0
// Cases about lines: continuation, comments, white space, case, line ends, directives, JSON forms, flags.

import type { Random } from "../../support/random.js";
import type { PeerCase } from "./case.js";

const instructions = [
  "ENV A=1 B=2",
  'ENV A="x y" B=z',
  "ENV A one two  three",
  "LABEL a=b c=d",
  'LABEL "k e y"="v w"',
  "LABEL old form of it",
  'CMD ["a", "b c"]',
  "CMD echo a  b",
  'ENTRYPOINT ["e","f"]',
  "ENTRYPOINT exec top -b",
  "EXPOSE 80 81/udp",
  'VOLUME ["/a", "/b c"]',
  "VOLUME /a /b",
  "USER app:grp",
  "STOPSIGNAL SIGTERM",
  'SHELL ["/bin/sh", "-ec"]',
  "HEALTHCHECK --interval=5s --retries=2 CMD test -f x",
  'HEALTHCHECK --timeout=1m CMD ["a", "b"]',
  "HEALTHCHECK NONE",
  "MAINTAINER some one <a@b>",
  "ARG X=1 Y=2",
  "ONBUILD RUN echo hi  there",
  "ONBUILD COPY a b",
  "WORKDIR /w/x",
  "COPY a /d/",
  "COPY --chown=1:2 --chmod=600 a b /e/",
  'COPY ["a", "/j s"]',
  "COPY <<F <<-G /h/\nin f \\\n\t# x\nF\n\tin g\n\tG",
  "ADD --chmod=0700 b /k",
  "CMD a; b && c \\d | e",
  "CMD \"a b\" 'c'",
] as const;

const jsonForms = [
  "CMD",
  "ENTRYPOINT",
  "VOLUME",
  "SHELL",
  "HEALTHCHECK CMD",
  "ONBUILD CMD",
] as const;
const jsonTexts = [
  '[ "a" , "b" ]',
  '["a"]  ',
  '["a","b",]',
  "['a','b']",
  '["a" "b"]',
  '["a"] x',
  '["a\\tb", "\\u0041\\/"]',
  '["\\x"]',
  '["a',
  "[]",
  "[ ]",
  '[""]',
  '["a", 1]',
  '["a", null]',
  '["a", ["b"]]',
  "[a, b]",
  '[\t"a"\t]',
  '["$A", "${A}"]',
  '["a", "b"]]',
  '[["a"]',
  '["é", "日本", "\\ud83d\\ude00"]',
  '["a\\\nb"]',
  '["a", \\\n "b"]',
  '["<a>", "&"]',
  '["a"\n]',
  '{"a": "b"}',
  '"a"',
  "[true]",
  '["a\tb"]',
] as const;

const heads = [
  "FROM scratch\n",
  "FROM scratch AS x\n",
  "from scratch as X\n",
  "FROM\tscratch\tAS\tx\n",
  "FROM   scratch   \n",
  "ARG B=scratch\nFROM $B\n",
  "ARG B\nFROM ${B:-scratch}\n",
  'FROM "scratch"\n',
  "FROM --platform=linux/amd64 scratch\n",
  "FROM --platform=$TARGETPLATFORM scratch AS x-1_a.b\n",
  "# comment\nFROM scratch\n",
  "\n\n  # c\n\tFROM scratch\n",
  "# check=skip=all\n# escape=\\\nFROM scratch\n",
  "#escape=\\\nFROM scratch\n",
  "# Escape = ` \nFROM scratch\n",
  "# escape=`\nFROM scratch\n",
  "# foo=bar\n# escape=`\nFROM scratch\n",
  "FROM busybox\n",
] as const;

export function lines(random: Random): PeerCase {
  const head = random.chance(60) ? "FROM scratch\n" : random.pick(heads);
  const escape = /^# ?escape ?= ?`/i.test(head) ? "`" : "\\";
  const count = 2 + random.below(6);
  const pieces = [
    head,
    ...Array.from(
      { length: count },
      () => `${between(random)}${disturbed(random, one(random), escape)}\n`,
    ),
  ];
  return {
    family: "lines",
    pieces: ended(random, pieces, escape),
    context: { a: "a\n", b: "b\n" },
    args: [],
    images: [],
  };
}

function one(random: Random): string {
  if (random.chance(75)) return random.pick(instructions);
  return `${random.pick(jsonForms)} ${random.pick(jsonTexts)}`;
}

function between(random: Random): string {
  return random.chance(80)
    ? ""
    : random.pick(["\n", "# c\n", "  # c \\\n", "\t\n", " \n", "#\n", "##\\\n", "\f\n"]);
}

/** Breaks a line where it has blanks, or anywhere; here-documents stay as they are. */
function disturbed(random: Random, text: string, escape: string): string {
  // `<< E` opens a here-document here and in BuildKit, but its COPY looks for a file E all the same.
  if (text.includes("<<")) return text;
  const [first = "", ...body] = text.split("\n");
  let line = first;
  for (let times = random.pick([0, 0, 1, 1, 2, 3]); times > 0; times--)
    line = disturbedOnce(random, line, escape);
  return [line, ...body].join("\n");
}

function disturbedOnce(random: Random, line: string, escape: string): string {
  const blanks = [...line.matchAll(/ /g)].map(({ index }) => index);
  const at =
    random.chance(70) && blanks.length > 0 ? random.pick(blanks) : 1 + random.below(line.length);
  const [before, after] = [line.slice(0, at), line.slice(at)];
  switch (
    random.weighted({
      break: 6,
      comment: 3,
      blank: 3,
      trailing: 2,
      tab: 2,
      upper: 1,
      indent: 1,
      end: 1,
      double: 1,
    })
  ) {
    case "break":
      return `${before}${random.pick(["", " ", "  "])}${escape}\n${random.pick(["", "  ", "\t"])}${after}`;
    case "comment":
      return `${before}${escape}\n${random.pick(["#c", "  # c", `# c ${escape}`, "#", "\t#x"])}\n${after}`;
    case "blank":
      return `${before}${escape}\n${random.pick(["", " ", "\t"])}\n${after}`;
    case "trailing":
      return `${before}${escape}${random.pick([" ", "\t", "  \t"])}\n${after}`;
    case "tab":
      return `${before}\t${after.replace(/^ /, "")}`;
    case "upper":
      return random.chance(50)
        ? line.replace(/^\w+/, (name) => name.toLowerCase())
        : line.replace(/^\w/, (first) => first.toLowerCase());
    case "indent":
      return `${random.pick([" ", "\t", "   "])}${line}`;
    case "end":
      return `${line}${random.pick([" ", "\t", " #c", ` ${escape}${escape}`, ";", " \\n"])}`;
    case "double":
      return `${before}${escape}\n${escape}\n${after}`;
  }
}

/** What a whole file can have: other line ends, a mark at the beginning, an odd end. */
function ended(random: Random, pieces: readonly string[], escape: string): readonly string[] {
  let all = [...pieces];
  const last = all.length - 1;
  const change = (map: (text: string) => string): void => {
    all[last] = map(all[last] ?? "");
  };
  if (random.chance(10)) change((text) => text.trimEnd());
  else if (random.chance(8))
    change((text) => `${text.trimEnd()} ${escape}${random.pick(["", "\n", "\n\n", "\n# c\n"])}`);
  if (random.chance(10)) all = all.map((text) => text.replaceAll("\n", "\r\n"));
  if (random.chance(4)) all[0] = `\ufeff${all[0] ?? ""}`;
  return all;
}
