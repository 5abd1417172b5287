// SPDX-License-Identifier: Apache-2.0
// A process that takes turns with others, and writes down when each of its turns begins and ends. `hang`: its second turn never ends.

import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { Turns } from "#src/store/turns.js";

const [directory = "", log = "", turns = "0", hang] = process.argv.slice(2);
for (let i = 0; i < Number(turns); i++)
  new Turns(join(directory, "turns")).alone(() => {
    appendFileSync(log, `begin ${process.pid}\n`);
    for (const until = performance.now() + 2; performance.now() < until;);
    if (hang !== undefined && i === 1) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    appendFileSync(log, `end ${process.pid}\n`);
  });
