// SPDX-License-Identifier: Apache-2.0
// Puts the program's modules together into one file, dist/cli/bundle.cjs (and into another for `bake`), with the compiled code of
// what a build runs beside it. Starting a program of a few hundred modules costs Node several times what starting this one costs, and
// compiling it is most of the rest. dist/cli/main.cjs becomes the launcher. The library (dist/index.js) stays as compiled.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";

const cli = join(import.meta.dirname, "..", "dist", "cli");

/**
 * lmdb looks for its native part beside its own package.json, which a bundle is not. The part is a package of its own for
 * each platform; the library of C decides between its two files. msgpackr's accelerator is for values that we do not store.
 */
const nativeParts = {
  name: "native-parts",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node-gyp-build-optional-packages$/ }, () => ({
      path: "lmdb",
      namespace: "native-part",
    }));
    onResolve({ filter: /^msgpackr-extract$/ }, () => ({ path: "none", namespace: "native-part" }));
    onLoad({ filter: /.*/, namespace: "native-part" }, ({ path }) => ({
      loader: "js",
      contents:
        path === "none"
          ? "export {};"
          : `const part = (libc) => require(\`@lmdb/lmdb-\${process.platform}-\${process.arch}/node.napi.\${libc}.node\`);
             export default () => {
               try {
                 return part("glibc");
               } catch {
                 return part("musl");
               }
             };`,
    }));
  },
};

/** Files of build targets take a parser of YAML and a language of their own: a fifth of all, which other commands need not read. */
const withoutBake = {
  name: "without-bake",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\/commands\/bake\.js$/ }, () => ({ path: "bake", namespace: "left-out" }));
    onLoad({ filter: /.*/, namespace: "left-out" }, () => ({
      contents:
        'export const bakeCommand = () => { throw new Error("bake is in the other bundle"); };',
    }));
  },
};

/** Makes a bundle, and gives the beginning of its digest. */
async function bundle(name, plugins) {
  const outfile = join(cli, name);
  await build({
    entryPoints: [join(cli, "program.js")],
    outfile,
    bundle: true,
    format: "cjs",
    platform: "node",
    target: "node20",
    plugins,
    // What is found relative to a module (package.json, native/) is as far from the bundle as from any module of a room.
    define: { "import.meta.dirname": "__dirname", "import.meta.url": "bundleUrl" },
    // Read as Latin-1, which costs nothing, and run as it is: a function of what a module of CommonJS is given.
    charset: "ascii",
    banner: {
      js: `(function (exports, require, module, __filename, __dirname) {
const bundleUrl = require("node:url").pathToFileURL(__filename).href;`,
    },
    footer: { js: "})" },
    // Names stay, so that stack traces say something; what is left to parse is half.
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: "warning",
    legalComments: "none",
  });
  const text = readFileSync(outfile, "latin1");
  // Node 20 has no way to load a module into a script whose compiled code was kept.
  if (/[^.\w]import\(/.test(text)) throw new Error(`an import() is left in ${name}`);
  return createHash("sha256").update(text, "latin1").digest("hex").slice(0, 16);
}

const digests = {
  bundle: await bundle("bundle.cjs", [nativeParts, withoutBake]),
  "bundle-bake": await bundle("bundle-bake.cjs", [nativeParts]),
};

/** The parts of Node that a build needs, besides those that only a registry or a terminal is talked to with. */
const parts = [
  "child_process",
  "crypto",
  "fs/promises",
  "module",
  "os",
  "process",
  "stream/consumers",
  "stream/promises",
  "timers/promises",
  "tty",
  "zlib",
].map((part) => `node:${part}`);

const launcher = `#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Starts the bundled program; made by scripts/bundle.mjs. Of CommonJS, which Node starts 5 ms sooner than a module.
const { existsSync, readFileSync, renameSync, statSync, writeFileSync } = require("node:fs");
const { Script } = require("node:vm");
const { setFlagsFromString } = require("node:v8");
// What every build needs of Node comes first: under other flags than its own V8 does not take the compiled code that is in Node.
${JSON.stringify(parts)}.forEach((part) => require(part));
// Layers go through in buffers that live for a moment. V8 would mark the whole heap, step by step and beside us, each time that
// some dozen megabytes of them have come and gone: a quarter of all processor time of a pull.
setFlagsFromString("--no-incremental-marking");
// The space of young objects grows once, while the program starts: so many collections of a small one V8 takes for a sign that
// the heap is full, and marks it. Then it stays: at 100,000 files it would grow to 48 MB of memory, and save no time.
const growYoung = (factor) => setFlagsFromString(\`--semi-space-growth-factor=\${factor}\`);
growYoung(4);
setTimeout(growYoung, 100, 1).unref();
const name = process.argv[2] === "bake" ? "bundle-bake" : "bundle";
const file = \`\${__dirname}/\${name}.cjs\`;
// Compiled code is of one bundle and one Node.
const digest = ${JSON.stringify(digests)}[name];
const code = \`\${__dirname}/\${name}-\${digest}-\${process.version}-\${process.arch}.code\`;
const compiled = existsSync(code) ? readFileSync(code) : undefined;
const script = new Script(readFileSync(file, "latin1"), {
  filename: file,
  cachedData: compiled,
});
const bundled = { exports: {} };
script.runInThisContext()(bundled.exports, require, bundled, file, __dirname);
// What Node itself says when a program waits for what never comes. Nothing else would.
process.exitCode = 13;
bundled.exports.run(process.argv.slice(2)).then((exitCode) => {
  process.exitCode = exitCode;
  if (bundled.exports.hasBuilt() && (compiled === undefined || script.cachedDataRejected)) keepCode();
});

// Functions are compiled when they are first called: a program that has built something has those of a build. They are kept for the
// next one by whoever owns the program, and could as well change it.
function keepCode() {
  try {
    if (statSync(__dirname).uid !== process.geteuid()) return;
    // V8 takes compiled code only under the flags that it was made with.
    growYoung(4);
    writeFileSync(\`\${code}.\${process.pid}\`, script.createCachedData(), { flag: "wx" });
    renameSync(\`\${code}.\${process.pid}\`, code);
  } catch {
    // It may be that nothing can be written here. The next start takes longer, too.
  }
}
`;

for (const name of readdirSync(cli)) if (/^bundle.*\.code/.test(name)) rmSync(join(cli, name));
const main = join(cli, "main.cjs");
writeFileSync(main, launcher);
chmodSync(main, 0o755);
// For those who start the module.
writeFileSync(join(cli, "main.js"), '#!/usr/bin/env node\nimport "./main.cjs";\n');
chmodSync(join(cli, "main.js"), 0o755);

// A first build, for its compiled code.
const scratch = mkdtempSync(join(tmpdir(), "tsbuild-bundle-"));
try {
  writeFileSync(join(scratch, "Dockerfile"), "FROM scratch\nCOPY Dockerfile /\n");
  const output = `--output=type=oci,dest=${join(scratch, "image.tar")}`;
  const { status, stderr } = spawnSync(
    process.execPath,
    [main, "build", "--progress=plain", output, scratch],
    { encoding: "utf8", env: { ...process.env, TSBUILD_ROOT: join(scratch, "store") } },
  );
  if (status !== 0) console.warn(`bundle: the trial build did not work here:\n${stderr}`);
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

// The compiler would take main.js for its own output and leave it as it is: without this state it writes everything anew.
rmSync(join(import.meta.dirname, "..", "build", "src.tsbuildinfo"), { force: true });
