// SPDX-License-Identifier: Apache-2.0
// Differences to BuildKit that random cases meet and that are meant; those of any case are in test/conformance/allowed.ts.

import { posix } from "node:path";
import type { PeerCase } from "./case.js";

interface AllowedRow {
  readonly reason: string;
  readonly applies: (key: string, ours: string, theirs: string, test: PeerCase) => boolean;
}

/** Of the failures: the key is `fails`, `ours` says which side failed, and `theirs` is its message. */
const rows: readonly AllowedRow[] = [
  {
    reason: "a name that neither passwd nor group has is an error here, as the documentation says",
    applies: (key, ours) => key === "fails" && ours === "only ours fails: SANDBOX_USER",
  },
  {
    reason: "a trigger that no build can carry out is refused where it is written",
    applies: (key, ours, _theirs, { pieces }) =>
      key === "fails" &&
      ours === "only ours fails: DOCKERFILE_UNKNOWN_INSTRUCTION" &&
      /^\s*ONBUILD\s/im.test(pieces.join("")),
  },
  {
    reason: "BuildKit does not look at the flags of HEALTHCHECK NONE",
    applies: (key, ours, _theirs, { pieces }) =>
      key === "fails" &&
      ours === "only ours fails: DOCKERFILE_FLAG" &&
      /HEALTHCHECK\s+--.*none/is.test(pieces.join("")),
  },
  {
    reason: "BuildKit takes root for an unknown user only where there is a passwd file",
    applies: (key, ours, theirs) =>
      key === "fails" && ours === "only theirs fails" && theirs.includes("invalid user index"),
  },
  {
    reason: "the BuildKit that is installed may not have the flag yet",
    applies: (key, ours, theirs) =>
      key === "fails" && ours === "only theirs fails" && theirs.includes("unknown flag: --parents"),
  },
  {
    reason: "BuildKit filters only what is in directories, although its documentation shows files",
    applies: (key, ours, theirs, { pieces }) =>
      key.startsWith("entries/") &&
      ours === "" &&
      !theirs.startsWith("dir") &&
      /--exclude=\S+ (?!\. )/.test(pieces.join("")),
  },
  {
    reason: "BuildKit looks for what links lead to when it leaves files out",
    applies: (key, ours, theirs, { pieces }) =>
      key === "fails" &&
      ours === "only theirs fails" &&
      theirs.includes("failed to calculate checksum") &&
      pieces.join("").includes("--exclude"),
  },
  {
    reason: "directories that are only there to mount on are no part of the image",
    applies: (key, ours, theirs) =>
      /^entries\/(?:dev|proc|sys)$/.test(key) && ours === "" && theirs.startsWith("dir"),
  },
  {
    reason:
      "names of one file stay so across layers and sources here; BuildKit often brings it twice, and now and then links more",
    applies: (key, ours, theirs) =>
      key.startsWith("entries/") && ours.startsWith("file") && unlinked(ours) === unlinked(theirs),
  },
  {
    reason:
      "--chown is for directories, too, that an archive's names need but that it does not have",
    applies: (key, ours, theirs, { pieces }) =>
      key.startsWith("entries/") &&
      ours.startsWith("dir") &&
      theirs === ours.replace(/ \d+:\d+/, " 0:0") &&
      /^ADD .*--chown=/m.test(pieces.join("")),
  },
  {
    reason:
      "dockerd has a umask where a copy makes directories with --chmod; buildkitd, whose tests want the mode, has none",
    applies: (key, ours, theirs, { pieces }) =>
      key.startsWith("entries/") &&
      /--chmod=/.test(pieces.join("")) &&
      theirs.startsWith("dir") &&
      theirs === ours.replace(/^dir (\d+)/, (_, mode: string) => `dir ${withUmask(mode)}`),
  },
  {
    reason:
      "below a directory BuildKit forgets the lines of an ignore file that changed nothing for it; the documentation lets the last one decide",
    applies: (key, _ours, _theirs, { context }) => {
      const rules = context[".dockerignore"];
      return key.startsWith("entries/") && typeof rules === "string" && /^!/m.test(rules);
    },
  },
  {
    reason: "BuildKit does not always send what is behind a link that is a source with a slash",
    applies: (key, ours, theirs, { pieces, context }) =>
      key.startsWith("entries/") &&
      ours !== "" &&
      theirs === "" &&
      Object.entries(context).some(
        ([name, entry]) =>
          typeof entry === "object" &&
          "symlink" in entry &&
          pieces.some((piece) => piece.includes(` ${name}/ `)),
      ),
  },
  {
    reason: "a script's first line counts without the tabs that <<- takes away",
    applies: (key, _ours, _theirs, { pieces }) =>
      key !== "fails" && /^RUN <<-.*\n\t+#!/m.test(pieces.join("")),
  },
  {
    reason: "blanks at the end of a trigger mean nothing",
    applies: (key, ours, theirs) =>
      key === "config/OnBuild" && ours === theirs.replace(/(?: |\\t)+(?=")/g, ""),
  },
  {
    reason: "later versions of BuildKit clean a working directory too",
    applies: (key, ours, theirs) =>
      (key === "config/WorkingDir" &&
        ours === JSON.stringify(cleaned(JSON.parse(theirs) as string))) ||
      (ours.includes("WORKDIR ") && ours === cleaned(theirs)),
  },
  {
    reason: "ENV wins over a later ARG here, as documented; BuildKit lets the later one win in RUN",
    applies: (key, _ours, _theirs, { pieces }) => key !== "fails" && sharesName(pieces.join("")),
  },
];

function withUmask(mode: string): string {
  return (parseInt(mode, 8) & 0o755).toString(8);
}

/** A path, or a text that ends in one. */
function cleaned(text: string): string {
  return posix.normalize(text).replace(/(?<=.)\/$/, "");
}

function unlinked(line: string): string {
  return line.replace(/ = [^"]*$/, "");
}

/** Whether a name is set by ENV and declared by ARG. */
function sharesName(text: string): boolean {
  const names = (instruction: string): string[] =>
    [...text.matchAll(new RegExp(`^\\s*${instruction}\\s(.*)$`, "gim"))].flatMap(([, rest = ""]) =>
      rest.split(/\s+/).map((word) => (/^\w+/.exec(word) ?? [""])[0]),
    );
  const set = new Set(names("ENV"));
  return names("ARG").some((name) => name !== "" && set.has(name));
}

export function allowedHere(
  key: string,
  ours: string | undefined,
  theirs: string | undefined,
  test: PeerCase,
): boolean {
  return rows.some((row) => row.applies(key, ours ?? "", theirs ?? "", test));
}
