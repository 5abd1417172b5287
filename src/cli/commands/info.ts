// SPDX-License-Identifier: Apache-2.0
import { printableJson } from "../../base/index.js";
import { machineInfo } from "../../build/info.js";

/** `tsbuild info`. Exit code 3 when something without which nothing builds is missing. */
export async function infoCommand(flags: { readonly format: string }): Promise<number> {
  const info = await machineInfo();
  if (flags.format === "json") process.stdout.write(printableJson(info, 2) + "\n");
  else {
    process.stdout.write(`store: ${info.storeRoot}\n`);
    for (const { name, ok, detail, hint } of info.items) {
      process.stdout.write(`${ok ? "ok     " : "missing"}  ${name}: ${detail}\n`);
      if (!ok && hint !== undefined) process.stdout.write(`         ${hint}\n`);
    }
  }
  return 0;
}
