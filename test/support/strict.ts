// SPDX-License-Identifier: Apache-2.0
// Loaded before every test file: a process warning (a deprecated call, a leak of listeners) fails the run.

process.on("warning", (warning) => {
  // The test runner of Node 20 announces parts of itself as experimental.
  if (warning.name !== "ExperimentalWarning") throw warning;
});
