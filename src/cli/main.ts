#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The program: parses argv and sets the exit code. Everything else is loaded when a command needs it.

import { run } from "./program.js";

process.exitCode = await run(process.argv.slice(2));
