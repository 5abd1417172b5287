// SPDX-License-Identifier: Apache-2.0
// One case to both builders, and what differs without a reason.

import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { CleanupStack } from "#src/base/index.js";
import { allowedDifference } from "../../conformance/allowed.js";
import {
  buildWithPeer,
  buildWithTsbuild,
  makeCase,
  type Bases,
  type BuildEnd,
} from "../../conformance/builders.js";
import { differences, type Outcome } from "../../conformance/outcome.js";
import { removeTree } from "../../support/runner.js";
import { allowedHere } from "./allowed.js";
import { bakeWithPeer, type PeerBuild } from "./bake.js";
import { asConformance, canSplit, type PeerCase } from "./case.js";

export interface PeerDifference {
  readonly test: PeerCase;
  /** Which side failed, or the kinds of keys that differ. */
  readonly kind: string;
  /** Kind and Dockerfile: the same for what is the same. */
  readonly signature: string;
  /** Of both outcomes, for reading. */
  readonly lines: readonly string[];
}

/** Undefined: there is no difference without a reason. */
export type Comparison = PeerDifference | "both fail" | undefined;

/** What says nothing of the case. */
const daemonTrouble =
  /connect to the Docker daemon|error reading from server|EOF$|connection (?:refused|reset)/;

const onlyOurs = "only ours fails: ";

export interface PeerWork {
  readonly command: readonly string[];
  readonly bases: Bases;
  readonly directory: string;
  readonly store: string;
}

export class PeerComparison {
  readonly #work: PeerWork;
  readonly #counts = { same: 0, bothFail: 0, allowed: 0, differ: 0 };
  /** How often both refused, by our code. */
  readonly #refused = new Map<string, { readonly count: number; readonly example: string }>();
  #next = 0;
  #refusals = 0;

  constructor(work: PeerWork) {
    this.#work = work;
  }

  summary(): string {
    const { same, bothFail, allowed, differ } = this.#counts;
    return `${same} the same, ${allowed} differ with a reason, ${differ} without, ${bothFail} refused by both`;
  }

  /** What was refused here and there, most frequent first, with a message of each kind. */
  refused(): string[] {
    return [...this.#refused]
      .sort(([, a], [, b]) => b.count - a.count)
      .map(
        ([code, { count, example }]) => `  ${count} ${code}, as ${example.split("\n")[0] ?? ""}`,
      );
  }

  /**
   * The difference of a case. `kind`: only one of that kind is looked for, and the peer is spared when there cannot be one.
   */
  async compare(test: PeerCase, kind?: string): Promise<Comparison> {
    await using made = await this.#make(test);
    const ours = await this.#ours(made.build);
    if (ours.kind === "failure" && canSplit(test)) return "both fail";
    if (kind?.startsWith(onlyOurs) === (ours.kind === "image")) return undefined;
    if (kind === undefined && this.#letPass(ours)) return "both fail";
    return this.#judge(test, ours, await this.#theirs(made.build));
  }

  /** The differences of several cases. Those that can be built here are given to the peer together, which saves most of its time. */
  async compareAll(tests: readonly PeerCase[]): Promise<Comparison[]> {
    await using held = new CleanupStack();
    const started: { test: PeerCase; build: PeerBuild; ours: BuildEnd }[] = [];
    for (const test of tests) {
      const made = await this.#make(test);
      held.defer(async () => made[Symbol.asyncDispose]());
      started.push({ test, build: made.build, ours: await this.#ours(made.build) });
    }
    const together = started.filter(({ ours }) => ours.kind === "image").map(({ build }) => build);
    const all = await bakeWithPeer(this.#work.command, together);
    const found: Comparison[] = [];
    for (const { test, build, ours } of started) {
      if (ours.kind === "failure" && (canSplit(test) || this.#letPass(ours)))
        found.push("both fail");
      else found.push(this.#judge(test, ours, all?.get(build) ?? (await this.#theirs(build))));
    }
    return found;
  }

  /** Most refusals are not worth a build of the peer's: they are alike. */
  #letPass(ours: BuildEnd): boolean {
    return ours.kind === "failure" && ours.code !== "DEFECT" && this.#refusals++ % 4 > 0;
  }

  async #make(test: PeerCase): Promise<{ build: PeerBuild } & AsyncDisposable> {
    const directory = join(this.#work.directory, `case-${this.#next++}`, "case");
    mkdirSync(directory, { recursive: true });
    const conformance = asConformance(test);
    await makeCase(directory, conformance);
    return {
      build: { directory, test: conformance, bases: this.#work.bases },
      [Symbol.asyncDispose]: () => {
        removeTree(dirname(directory));
        return Promise.resolve();
      },
    };
  }

  async #ours(build: PeerBuild): Promise<BuildEnd> {
    try {
      return await buildWithTsbuild(build, this.#work.store);
    } catch (error) {
      return { kind: "failure", message: String(error), code: "DEFECT" };
    }
  }

  async #theirs(build: PeerBuild): Promise<BuildEnd> {
    for (let tries = 1; ; tries++) {
      const end = await buildWithPeer("buildkit", this.#work.command, build);
      if (end.kind === "image" || !daemonTrouble.test(end.message) || tries > 30) return end;
      await setTimeout(2000);
    }
  }

  #judge(test: PeerCase, ours: BuildEnd, theirs: BuildEnd): Comparison {
    if (ours.kind === "failure" && theirs.kind === "failure" && ours.code !== "DEFECT") {
      this.#counts.bothFail++;
      const code = ours.code ?? "";
      const { count, example } = this.#refused.get(code) ?? { count: 0, example: ours.message };
      this.#refused.set(code, { count: count + 1, example });
      return "both fail";
    }
    if (ours.kind === "failure" || theirs.kind === "failure") {
      const side = ours.kind === "failure" ? `${onlyOurs}${ours.code ?? ""}` : "only theirs fails";
      const message =
        ours.kind === "failure" ? ours.message : theirs.kind === "failure" ? theirs.message : "";
      if (allowedHere("fails", side, message, test)) {
        this.#counts.allowed++;
        return undefined;
      }
      this.#counts.differ++;
      return difference(test, side, [side, message]);
    }
    return this.#judgeImages(test, ours.outcome, theirs.outcome);
  }

  #judgeImages(test: PeerCase, ours: Outcome, theirs: Outcome): PeerDifference | undefined {
    const keys = [...differences(ours, theirs).keys()];
    const conformance = asConformance(test);
    const open = keys.filter(
      (key) =>
        allowedDifference(conformance, "buildkit", key, { ours, theirs }) === undefined &&
        !allowedHere(key, ours[key], theirs[key], test),
    );
    if (open.length === 0) {
      this.#counts[keys.length > 0 ? "allowed" : "same"]++;
      return undefined;
    }
    this.#counts.differ++;
    const kinds = [...new Set(open.map((key) => (/^config\/\w+|^\w+/.exec(key) ?? [key])[0]))];
    const lines = open
      .slice(0, 6)
      .map(
        (key) =>
          `${key}\n  ours:   ${ours[key] ?? "nothing"}\n  theirs: ${theirs[key] ?? "nothing"}`,
      );
    return difference(test, kinds.sort().join(" "), lines);
  }
}

function difference(test: PeerCase, kind: string, lines: readonly string[]): PeerDifference {
  return { test, kind, signature: `${kind}\n${test.pieces.join("")}`, lines };
}
