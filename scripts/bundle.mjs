// SPDX-License-Identifier: Apache-2.0
// Puts the program's modules together into a few files, in place: dist/cli/main.js and its chunks. Starting a program of
// a few hundred modules costs Node several times what starting these costs. The library (dist/index.js) stays as compiled.

import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const cli = join(import.meta.dirname, "..", "dist", "cli");
for (const name of readdirSync(cli))
  if (/-[A-Z0-9]{8}\.js(?:\.map)?$/.test(name)) rmSync(join(cli, name));

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
          : `import { createRequire } from "node:module";
             const load = createRequire(import.meta.url);
             const part = (libc) => load(\`@lmdb/lmdb-\${process.platform}-\${process.arch}/node.napi.\${libc}.node\`);
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

await build({
  entryPoints: [join(cli, "main.js")],
  outdir: cli,
  allowOverwrite: true,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node20",
  // Flat, because what is found relative to a module (package.json, native/) must be where it was.
  chunkNames: "chunk-[hash]",
  plugins: [nativeParts],
  // CommonJS packages ask for Node's own modules through require.
  banner: {
    js: 'import { createRequire as bundledRequire } from "node:module"; const require = bundledRequire(import.meta.url);',
  },
  // Names stay, so that stack traces say something; what is left to parse is half.
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: "warning",
  legalComments: "none",
});

// The compiler would take main.js for its own output and leave it as it is: without this state it writes everything anew.
rmSync(join(import.meta.dirname, "..", "build", "src.tsbuildinfo"), { force: true });
