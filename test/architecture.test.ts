// SPDX-License-Identifier: Apache-2.0
// The shape of the source tree: who may import whom, who may touch files, processes and the network, names, and that every
// error code is declared, used and documented.

import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { basename, dirname, join, normalize, relative } from "node:path";
import { describe, it } from "node:test";

/** Room to the rooms it may import. `types`: type imports only. */
const mayImport: Readonly<
  Record<string, { readonly any: readonly string[]; readonly types?: readonly string[] }>
> = {
  base: { any: [] },
  dockerfile: { any: ["base"] },
  oci: { any: ["base"] },
  solve: { any: ["base"] },
  prune: { any: ["base"] },
  run: { any: ["base", "oci"] },
  policy: { any: ["base", "oci"] },
  hcl: { any: ["base"] },
  bake: { any: ["base", "hcl"] },
  plan: { any: ["base", "dockerfile", "oci"], types: ["solve"] },
  context: { any: ["base", "oci"] },
  layer: { any: ["base", "oci"] },
  store: { any: ["base", "oci"] },
  registry: { any: ["base", "oci"] },
  sandbox: { any: ["base", "oci"] },
  snapshot: { any: ["base", "oci", "layer", "store", "sandbox"] },
  cache: { any: ["base", "oci", "layer", "store", "registry"], types: ["solve"] },
  steps: {
    any: ["base", "oci", "plan", "context", "snapshot", "sandbox", "layer", "store", "registry"],
    types: ["solve", "policy"],
  },
  export: { any: ["base", "oci", "layer", "store", "registry", "snapshot"] },
};
const rooms = [...Object.keys(mayImport), "build", "cli"];
/** build.ts and build/ know all rooms; the program knows only them. */
const buildImports = Object.keys(mayImport);
const cliImports = ["base", "bake", "build", "dockerfile", "hcl"];

const fileModules = /^node:fs(\/promises)?$/;
const processModules = /^node:child_process$/;
const networkModules = /^node:(net|http|https|http2|tls|dgram|dns)(\/promises)?$/;

/** Who may do what: whole rooms (`x/`), or single files with the reason. */
const allowances: readonly {
  readonly modules: RegExp;
  readonly rooms: readonly string[];
  readonly files: Readonly<Record<string, string>>;
}[] = [
  {
    modules: fileModules,
    rooms: ["context", "store", "sandbox", "cli", "export"],
    files: {
      "base/small-file.ts": "small files read whole",
      "base/directories.ts": "directories of a path that the user names",
      "registry/credentials.ts": "the Docker configuration file",
      "registry/login.ts": "the Docker configuration file, which login and logout write",
      "registry/registries-file.ts": "the registries file",
      "registry/endpoint.ts": "certificates that the registries file names",
      "steps/http.ts": "a finished download, on its way into a layer",
      "build/source-policy.ts": "the policy file that the user names",
      "build/epoch-source.ts": "a download, for the times in it",
      "build/network.ts": "the machine's resolv.conf and Docker's proxy settings",
    },
  },
  {
    modules: processModules,
    rooms: ["sandbox"],
    files: {
      "context/git.ts": "git",
      "context/preprocess.ts": "cpp",
      "cli/action/main.ts": "the program itself, as a step of a runner",
      "context/ssh-agent.ts": "an agent for the keys of --ssh",
      "registry/credentials.ts": "credential helpers",
      "export/engine.ts": "docker load, which takes an image on its standard input",
    },
  },
  {
    modules: networkModules,
    rooms: ["registry"],
    files: {
      "cli/options/values.ts": "isIP, which opens nothing",
      "context/http.ts": "downloads",
      "context/types.ts": "the type of a request's options",
      "sandbox/socket-proxy.ts": "forwards the user's ssh agent over Unix sockets",
      "sandbox/spawn.ts": "the pipes to the helper are sockets to Node",
    },
  },
];

interface Import {
  readonly from: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

/** Files below a directory, relative to the repository. */
function filesBelow(directory: string, ending: RegExp): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((name) => ending.test(name) && !name.includes("node_modules"))
    .sort();
}

const sources = filesBelow("src", /\.ts$/);
const textOf = new Map(sources.map((file) => [file, readFileSync(file, "utf8")]));

/** The imports of a file. Comments are dropped first; a text that looks like an import elsewhere would only be too strict. */
function importsOf(file: string): Import[] {
  const text = (textOf.get(file) ?? "")
    .replace(/\/\*[\s\S]*?\*\//g, "")
    .replace(/^\s*\/\/.*$/gm, "");
  const found: Import[] = [];
  const statement =
    /^\s*(?:import|export)\s+(type\s+)?(\{[^}]*\}|[\w*]+(?:\s+as\s+\w+)?(?:\s*,\s*\{[^}]*\})?)\s*from\s*"([^"]+)"/gm;
  for (const [, type, clause = "", target = ""] of text.matchAll(statement)) {
    const names = /^\{([^}]*)\}$/
      .exec(clause)?.[1]
      ?.split(",")
      .map((name) => name.trim());
    const allTypes = names?.filter((name) => name !== "").every((name) => name.startsWith("type "));
    found.push({ from: file, target, typeOnly: type !== undefined || allTypes === true });
  }
  for (const [, target = ""] of text.matchAll(/^\s*import\s*"([^"]+)"/gm))
    found.push({ from: file, target, typeOnly: false });
  for (const [, target = ""] of text.matchAll(/\bimport\(\s*"([^"]+)"\s*\)/g))
    found.push({ from: file, target, typeOnly: false });
  return found;
}

const imports = sources.flatMap(importsOf);
const targetFile = ({ from, target }: Import): string | undefined =>
  target.startsWith(".")
    ? normalize(join(dirname(from), target)).replace(/\.js$/, ".ts")
    : undefined;

/** The room of a file: its folder, `build` for build.ts, `index` for src/index.ts. */
function roomOf(file: string): string {
  const [first = ""] = relative("src", file).split("/");
  return first.replace(/\.ts$/, "");
}

describe("imports", () => {
  it("are found at all", () => {
    assert.ok(imports.length > 100, `only ${imports.length} imports found`);
    assert.deepEqual(
      [...new Set(sources.map(roomOf))].filter((room) => room !== "index" && !rooms.includes(room)),
      [],
      "a folder of src that the table does not know",
    );
  });

  it("go from room to room as the table says, and only through a room's index.ts", () => {
    const wrong: string[] = [];
    for (const edge of imports) {
      const target = targetFile(edge);
      if (target === undefined) continue;
      const [here, there] = [roomOf(edge.from), roomOf(target)];
      if (here === there || here === "index") continue;
      const row = mayImport[here];
      const allowed =
        here === "build"
          ? buildImports.includes(there)
          : here === "cli"
            ? cliImports.includes(there)
            : row?.any.includes(there) === true ||
              (edge.typeOnly && row?.types?.includes(there) === true);
      if (!allowed) wrong.push(`${edge.from} may not import ${there}`);
      // build/ is build.ts in several files, and commands load only the one they need: start-up time.
      const isIndex = target === `src/${there}/index.ts` || there === "build";
      if (!isIndex) wrong.push(`${edge.from} reaches into ${target}`);
    }
    assert.deepEqual(wrong, []);
  });

  it("make no cycle of files", () => {
    const next = new Map<string, string[]>();
    for (const edge of imports) {
      const target = targetFile(edge);
      if (target === undefined || edge.typeOnly) continue;
      next.set(edge.from, [...(next.get(edge.from) ?? []), target]);
    }
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      const at = path.indexOf(file);
      if (at >= 0) cycles.push([...path.slice(at), file].join(" -> "));
      if (at >= 0 || done.has(file)) return;
      for (const target of next.get(file) ?? []) visit(target, [...path, file]);
      done.add(file);
    };
    for (const file of sources) visit(file, []);
    assert.deepEqual(cycles, []);
  });

  it("of files, processes and the network are where they may be", () => {
    const wrong = imports
      .filter(({ typeOnly }) => !typeOnly)
      .filter(({ from, target }) =>
        allowances.some(
          ({ modules, rooms: allowed, files }) =>
            modules.test(target) &&
            !allowed.includes(roomOf(from)) &&
            files[relative("src", from)] === undefined,
        ),
      );
    assert.deepEqual(
      wrong.map(({ from, target }) => `${from}: ${target}`),
      [],
    );
  });

  it("need every allowance that is given", () => {
    const idle = allowances.flatMap(({ modules, files }) =>
      Object.keys(files).filter(
        (file) =>
          !imports.some(
            ({ from, target }) => relative("src", from) === file && modules.test(target),
          ),
      ),
    );
    assert.deepEqual(idle, []);
  });

  it("of fetch and of other global doors to the network do not exist", () => {
    const users = sources.filter((file) =>
      /(?<![\w.])(fetch|new WebSocket|new EventSource)\(/.test(
        (textOf.get(file) ?? "").replace(/^\s*(\/\/|\*|\/\*).*$/gm, ""),
      ),
    );
    assert.deepEqual(users, []);
  });
});

describe("names and first lines", () => {
  const own = [
    ...sources,
    ...filesBelow("test", /\.ts$/),
    ...filesBelow("native", /\.[ch]$/),
    ...filesBelow("scripts", /\.(sh|mjs)$/),
    ...filesBelow("fixtures", /\.(sh|mjs)$/),
  ];

  it("are plain: kebab-case, and no utils, helpers, common, manager, misc", () => {
    const bad = own
      .filter((file) => !file.startsWith("native/"))
      .filter((file) => {
        const name = basename(file).replace(/(\.test)?\.\w+$/, "");
        return (
          !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name) ||
          /(^|-)(utils?|helpers?|common|managers?|misc)($|-)/.test(name)
        );
      });
    assert.deepEqual(bad, []);
  });

  it("carry one SPDX line", () => {
    const bad = own.filter((file) => {
      const lines = readFileSync(file, "utf8").split("\n").slice(0, 3);
      return (
        lines.filter((line) => line.includes("SPDX-License-Identifier: Apache-2.0")).length !== 1
      );
    });
    assert.deepEqual(bad, []);
  });

  it("include a README of at most 30 lines for every room", () => {
    const bad = [...Object.keys(mayImport), "cli"].filter((room) => {
      const file = join("src", room, "README.md");
      return !existsSync(file) || readFileSync(file, "utf8").trimEnd().split("\n").length > 30;
    });
    assert.deepEqual(bad, []);
  });
});

describe("error codes", () => {
  const declared = new Map<string, string>();
  for (const file of sources.filter((name) => basename(name) === "errors.ts"))
    for (const [, code = ""] of (textOf.get(file) ?? "").matchAll(/^\s*([A-Z]+_[A-Z0-9_]+):/gm))
      declared.set(code, roomOf(file));

  it("begin with the name of their room", () => {
    const bad = [...declared].filter(([code, room]) => !code.startsWith(`${room.toUpperCase()}_`));
    assert.deepEqual(bad, []);
  });

  it("are declared when they are thrown, by the room that throws them", () => {
    const bad: string[] = [];
    for (const [file, text] of textOf)
      for (const [, code = ""] of text.matchAll(/new TsbuildError\(\s*"([^"]+)"/g))
        if (declared.get(code) !== roomOf(file)) bad.push(`${file}: ${code}`);
    assert.deepEqual(bad, []);
  });

  it("are used when they are declared", () => {
    // A declaration is a bare key; whatever throws or returns a code writes it in quotes.
    const unused = [...declared.keys()].filter(
      (code) => ![...textOf.values()].some((text) => text.includes(`"${code}"`)),
    );
    assert.deepEqual(unused, []);
  });

  it("stand in docs/errors.md, all of them and no others", () => {
    const documented = [
      ...readFileSync("docs/errors.md", "utf8").matchAll(/^\| `(\w+)` *\|/gm),
    ].map(([, code]) => code);
    assert.deepEqual(documented.sort(), [...declared.keys()].sort());
  });
});
