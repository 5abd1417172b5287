// SPDX-License-Identifier: Apache-2.0
// Cases about COPY and ADD: sources, destinations, flags, ignore rules.

import type { Random } from "../../support/random.js";
import type { PeerCase } from "./case.js";
import { ignoreFile, randomContext, source } from "./trees.js";

const targets = [
  "/t",
  "/t/",
  "/t/n",
  "/t/n/",
  "/",
  ".",
  "./",
  "x",
  "x/",
  "/l/",
  "/l",
  "/lf",
  "/dang",
  "/dang/",
  "/t/../u",
  "/u/.",
  "/f",
  "/f/",
  "/f/x",
  "/t/d",
  "/t/d/",
  "..",
  "$T",
  "$T/",
  "${T}/q",
  "/l/../v/",
  "/rel/",
  "/t/a",
  "/t/s",
  "//w//x/",
  "/new/deep/er",
  "/new/deep/er/",
  "/loop",
  "/up/",
  "/l/n/m",
  "/t/.",
  "/t/..",
  "/dl",
  "/dl/s/",
] as const;

const modes = [
  "600",
  "755",
  "0644",
  "4755",
  "1777",
  "u+x",
  "go-rwx",
  "a=rX",
  "u=rwX,go=rX",
  "+x",
  "0",
  "$M",
  "g=u",
  "7777",
  "u+s",
  "+t",
  "o+w,g-r",
  "ugo=",
  "a+X",
] as const;
const wrongModes = ["888", "u+", "77777", "x", "", "-1", "0o644", "u=rwx;g=r", "+rwt"] as const;
const owners = [
  "1",
  "1:2",
  "0:5",
  "daemon",
  "daemon:mail",
  "$O",
  ":3",
  "root:daemon",
  "65534:65534",
  "4294967294",
  "mail:0",
] as const;
const wrongOwners = ["nosuch", "1:nosuch", "1:2:3", "-1", "a b", "1.5"] as const;
const excludes = [
  "a",
  "s",
  "**/a",
  "*.txt",
  "d/s",
  "*",
  "!a",
  "d",
  "s/a",
  "**",
  ".*",
  "s/",
  "**/s/**",
  "t",
  "?",
  "$E",
  "./a",
] as const;
const trees = [".", "d", "d/", "d/s", "e", "f", "ld", "/d/s/", "empty"] as const;
const parentsSources = [
  "d/./s/a",
  "./d/s",
  "d/s/./a",
  "d/s/a",
  "d/./s",
  "**/a",
  "d/./**/a",
  "d/*/a",
  "./d/./s/./a",
  "d/s/t/u",
  "*/a",
  "*/./s",
  "/d/s/a",
  "d/./",
  "d/.",
  "./",
  "ld/a",
  "ld/./s/a",
  "d/dirlink/a",
  "d/**/./a",
  "nope/*",
  "d/s/",
  "d/s/../a",
  "**/*.txt",
  "**/s",
  "labs/a",
  "d/e",
] as const;

/** Makes what destinations may meet: directories, files, links of every kind. */
const furnishing =
  "mkdir -p /t/s /t/d /u /v && chmod 700 /t/s && chown 9:9 /t/s && echo old > /t/a && echo f > /f && ln -s /t /l && ln -s f /lf && ln -s /nowhere/at/all /dang && ln -s t/s /rel && ln -s loop /loop && ln -s ../../u /up && ln -s /t/d /dl && ln /f /fh";
const furnished = `RUN ${furnishing}\n`;
/** The same below a directory, for a stage without anything else but names of users. */
const apart = `RUN mkdir -p /apart/etc && cp /etc/passwd /etc/group /apart/etc && cd /apart && ${furnishing
  .replaceAll(/ \/(?=[tuvflrd])/g, " ./")
  .replace("-s ./t ", "-s /t ")
  .replace("-s ./t/d ", "-s /t/d ")}\n`;

function flags(random: Random, add: boolean): string {
  const wrong = random.chance(4);
  const all = [
    ...(random.chance(15) ? [`--chown=${random.pick(wrong ? wrongOwners : owners)}`] : []),
    ...(random.chance(15) ? [`--chmod=${random.pick(wrong ? wrongModes : modes)}`] : []),
    ...(random.chance(15)
      ? [random.pick(["--link", "--link=true", "--link=false", "--link=True"])]
      : []),
    ...(random.chance(15) ? [`--exclude=${random.pick(excludes)}`] : []),
    ...(random.chance(6) ? [`--exclude=${random.pick(excludes)}`] : []),
    ...(add && random.chance(15)
      ? [random.pick(["--unpack", "--unpack=false", "--unpack=true"])]
      : []),
  ];
  return all.map((flag) => `${flag} `).join("");
}

function copy(random: Random, stage: number): string {
  const add = random.chance(20);
  const to = random.pick(targets);
  if (!add && random.chance(2)) {
    const from = random.pick(parentsSources);
    return `COPY --parents ${fromFlag(random, stage)}${flags(random, false)}${from} ${random.chance(30) ? `${random.pick(parentsSources)} ` : ""}${to}`;
  }
  const given = flags(random, add);
  // BuildKit leaves nothing out but what is in directories, although its documentation says otherwise.
  const some = given.includes("--exclude") ? () => random.pick(trees) : () => source(random);
  if (!add && random.chance(5)) return `COPY ${given}<<h1 ${some()} ${to}\ntext $T\nh1`;
  const from =
    add && !given.includes("--exclude") && random.chance(70)
      ? random.pick(["x.tar", "*.t*", "x.t[a]r"])
      : some();
  const count = random.pick([0, 0, 0, 1, 2]);
  const words = [from, ...Array.from({ length: count }, some), to];
  const text = random.chance(10)
    ? JSON.stringify(words)
    : words.join(random.pick([" ", " ", "  ", "\t"]));
  return `${add ? "ADD" : "COPY"} ${add ? "" : fromFlag(random, stage)}${given}${text}`;
}

function fromFlag(random: Random, stage: number): string {
  if (!random.chance(25)) return "";
  if (stage === 0)
    return random.pick(["--from=made-tree ", "--from=busybox ", "--from=src ", "--from=SRC "]);
  return `--from=${random.pick(["s0", "0", "src", "S0", "1"])} `;
}

function step(random: Random, stage: number): string {
  switch (random.weighted({ copy: 14, workdir: 2, user: 1, arg: 1, remove: 1, env: 1 })) {
    case "copy":
      return copy(random, stage);
    case "workdir":
      return `WORKDIR ${random.pick(["/w", "/l/w", "/dang", "w", "/rel/k", "..", "/l", "/up/x", "/loop"])}`;
    case "user":
      return `USER ${random.pick(["daemon", "1000:50", "root"])}`;
    case "arg":
      return `ENV T=${random.pick(["/t2", "/t2/", "", ".", "/t/s"])}`;
    case "env":
      return `ENV ${random.pick(["D=d/s", "T=/t3/", "M=700", "O=7:8", "E=b"])}`;
    case "remove":
      return `RUN rm -rf ${random.pick(["/t/s", "/t/*", "/l", "/t", "/f"])} || true`;
  }
}

export function copies(random: Random): PeerCase {
  const pieces = ["FROM scratch AS src\n", "COPY . /\n"];
  const stages = 1 + random.below(2);
  for (let stage = 0; stage < stages; stage++) {
    const base = random.pick(["scratch", "busybox", "busybox", "busybox", "made-tree"]);
    pieces.push(`FROM ${base} AS s${stage}\n`, "ENV D=d T=/t M=640 O=3:4 E=a\n");
    if (base === "busybox") pieces.push(furnished);
    const count = 1 + random.below(4);
    for (let i = 0; i < count; i++) {
      const text = step(random, stage);
      if (base === "scratch" && text.startsWith("RUN")) continue;
      pieces.push(`${text}\n`);
    }
  }
  const context = randomContext(random);
  const ignore = random.chance(15) ? { ".dockerignore": ignoreFile(random) } : {};
  return {
    family: "copy",
    pieces,
    context: { ...context, ...ignore },
    args: [],
    images: ["made-tree"],
  };
}

/** Many copies that do not see each other, one a stage; the last stage collects what they made. */
export function manyCopies(random: Random): PeerCase {
  const variables = "ENV D=d T=/t M=640 O=3:4 E=a\n";
  const pieces = [
    "FROM scratch AS src\nCOPY . /\n",
    `FROM busybox AS furnished\n${apart}FROM scratch AS base\n${variables}COPY --from=furnished /apart /\n`,
  ];
  for (let i = 0; i < 16; i++) {
    const [parent, before] = random.chance(70) ? ["base", ""] : ["scratch", variables];
    pieces.push(`FROM ${parent} AS c${i}\n${before}${copy(random, 0)}\n`);
  }
  return {
    family: "copies",
    pieces,
    context: randomContext(random, true),
    args: [],
    images: ["made-tree"],
    head: 2,
    collect: true,
  };
}

/** Ignore rules, and what is left of the context. */
export function ignoring(random: Random): PeerCase {
  const context = { ...randomContext(random), ".dockerignore": ignoreFile(random) };
  const copies = [
    "COPY . /all/\n",
    "COPY d /d/\n",
    `COPY ${source(random)} /x/\n`,
    `COPY --exclude=${random.pick(excludes)} . /y/\n`,
    "COPY */a /z/\n",
    "ADD . /add/\n",
    `COPY d/s/ e/ /p/\n`,
  ];
  const pieces = [
    "FROM scratch\n",
    copies[0] ?? "",
    ...copies.slice(1).filter(() => random.chance(15)),
  ];
  return { family: "ignore", pieces, context, args: [], images: [] };
}
