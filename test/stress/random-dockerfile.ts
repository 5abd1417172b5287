// SPDX-License-Identifier: Apache-2.0
// Dockerfiles that change bit by bit. What their steps write depends on what they read alone, never on the time.

import type { Random } from "../support/random.js";

/** Sources that exist now and then (see random-context.ts). */
const sources = ["a", "b", "d", "d/a", "d/s", "d/s/a", "[el]*", "*", "d/*", "[ab]", ".", "x.tar"];
const targets = ["/t", "/t/", "/u/v/", "w", "w/", "/t/a"];
const shown =
  "find / -xdev \\( -path /t -o -path /t/\\* -o -path /u/\\* -o -path /w/\\* -o -path /bin/w/\\* \\)";

const kinds = {
  ...{ copy: 14, copyFrom: 6, add: 3, heredoc: 2, workdir: 3, user: 2, shell: 1, env: 3, arg: 4 },
  ...{ config: 4, list: 8, show: 6, variables: 4, remove: 2, bind: 4, bindFrom: 2 },
} as const;

/** What all steps may count on. */
const prelude = "RUN mkdir -p /t /u /w && touch /list && chmod 777 /list";

/** The stages of a Dockerfile: their instructions, without FROM. */
export type Stages = string[][];

export function randomStages(random: Random): Stages {
  return Array.from({ length: 1 + random.below(3) }, (_, stage) =>
    Array.from({ length: 2 + random.below(4) }, () => randomInstruction(random, stage)),
  );
}

export function dockerfileOf(stages: Stages): string {
  return stages
    .flatMap((instructions, i) => [`FROM busybox AS s${i}`, prelude, ...instructions, ""])
    .join("\n");
}

/** Inserts, removes, replaces or swaps instructions. */
export function changeStages(random: Random, stages: Stages): void {
  const stage = random.below(stages.length);
  const instructions = stages[stage] ?? [];
  const at = random.below(instructions.length + 1);
  switch (random.weighted({ insert: 3, remove: 2, replace: 4, swap: 3 })) {
    case "insert":
      if (instructions.length < 7) instructions.splice(at, 0, randomInstruction(random, stage));
      return;
    case "remove":
      if (instructions.length > 1) instructions.splice(at, 1);
      return;
    case "replace":
      instructions.splice(at, 1, randomInstruction(random, stage));
      return;
    case "swap":
      instructions.splice(at, 0, ...instructions.splice(random.below(instructions.length), 1));
  }
}

function randomInstruction(random: Random, stage: number): string {
  const from = `s${random.below(Math.max(stage, 1))}`;
  const number = random.below(3);
  const kind = random.weighted(kinds);
  switch (kind) {
    case "copy":
      return `COPY ${flags(random)}${random.pick(sources)} ${random.pick(targets)}`;
    case "add":
      return `ADD ${random.pick(["x.tar", "d", "a"])} ${random.pick(targets)}`;
    case "copyFrom":
      return stage === 0
        ? `COPY ${random.pick(sources)} ${random.pick(sources)} /t/`
        : `COPY --from=${from} ${flags(random)}${random.pick(["/t", "/u/", "/t/*", "/list"])} ${random.pick(targets)}`;
    case "heredoc":
      return `COPY <<END /t/here\nhere ${number}\nEND`;
    case "workdir":
      return `WORKDIR ${random.pick(["/w", "w", "/t", "/u/w"])}`;
    case "user":
      return `USER ${random.pick(["root", "daemon", "1000:50"])}`;
    case "shell":
      return `SHELL ["/bin/sh", "${random.pick(["-c", "-ec", "-uc"])}"]`;
    case "env":
      return `ENV E${random.below(2)}=${number}`;
    case "arg":
      return `ARG ${random.pick(["A", "B", "A=default", "E0=arg"])}`;
    case "config":
      return random.pick([
        `LABEL l=${number}`,
        `CMD ["${number}"]`,
        `ENTRYPOINT ${number}`,
        `EXPOSE ${80 + number}`,
        `VOLUME /v${number}`,
        `STOPSIGNAL ${1 + number}`,
        `HEALTHCHECK CMD true ${number}`,
      ]);
    case "list":
      return `RUN ${shown} -exec stat -c '%n %F %a %u %g %s' {} + 2>&1 | grep -v ' directory ' | sort > /list`;
    case "show":
      return `RUN ${shown} -type f | sort | xargs -r cat > /tmp/shown${number} 2>&1; true`;
    case "variables":
      return `RUN echo A=$A B=$B E0=$E0 E1=$E1 $(pwd) $(id -u) > /tmp/variables${number}`;
    case "remove":
      return `RUN rm -rf ${random.pick(["/t/a", "/t", "/u", "/w"])}; true`;
    case "bind":
      return `RUN --mount=source=${random.pick(["d", "a", "."])},target=/m find /m -type f | sort | xargs -r sha256sum > /tmp/bound${number}`;
    case "bindFrom":
      return stage === 0
        ? `RUN true ${number}`
        : `RUN --mount=from=${from},source=${random.pick(["/t", "/list", "/"])},target=/m ls /m > /tmp/from${number}`;
  }
}

function flags(random: Random): string {
  return [
    ...(random.chance(15) ? [`--chown=${random.pick(["1", "0:5", "daemon"])}`] : []),
    ...(random.chance(15) ? [`--chmod=${random.pick(["600", "755", "u+x"])}`] : []),
    ...(random.chance(20) ? ["--link"] : []),
    ...(random.chance(15) ? [`--exclude=${random.pick(["a", "**/a", "s"])}`] : []),
    ...(random.chance(10) ? ["--parents"] : []),
  ]
    .map((flag) => `${flag} `)
    .join("");
}
