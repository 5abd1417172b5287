// SPDX-License-Identifier: Apache-2.0
// All cases, by group. A group is one file here and one file of goldens.

import type { CaseGroup } from "../case.js";
import { addArchives } from "./add-archives.js";
import { config } from "./config.js";
import { copyFlags } from "./copy-flags.js";
import { copyMetadata } from "./copy-metadata.js";
import { copyPaths } from "./copy-paths.js";
import { copyReplace } from "./copy-replace.js";
import { copySymlinks } from "./copy-symlinks.js";
import { heredocs } from "./heredocs.js";
import { ignoreFiles } from "./ignore.js";
import { lexical } from "./lexical.js";
import { mounts } from "./mounts.js";
import { runs } from "./runs.js";
import { stages } from "./stages.js";
import { variables } from "./variables.js";

export const groups: readonly CaseGroup[] = [
  copyPaths,
  copySymlinks,
  copyReplace,
  copyMetadata,
  copyFlags,
  addArchives,
  ignoreFiles,
  heredocs,
  variables,
  stages,
  config,
  lexical,
  runs,
  mounts,
];
