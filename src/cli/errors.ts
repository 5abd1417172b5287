// SPDX-License-Identifier: Apache-2.0
export const cliErrorCodes = {
  CLI_USAGE: "A flag or its value is wrong.",
  CLI_SECRET: "A secret given with --secret cannot be read.",
  CLI_RESULT_FILE: "The file of --iidfile, --metadata-file or --logfile cannot be written.",
  CLI_BAKE_FILE: "A file of build targets cannot be read, or there is none.",
  CLI_NOT_ALLOWED: "Build targets ask for more of this machine than --allow grants.",
  CLI_SSH: "An agent given with --ssh cannot be used.",
} as const;
