// SPDX-License-Identifier: Apache-2.0
import { service } from "./server.js";

const server = service().listen(Number(process.env.PORT ?? 8080), () => {
  console.log(`listening on port ${server.address().port}`);
});
// As pid 1 a process dies of a signal only when it asks to.
for (const signal of ["SIGTERM", "SIGINT"])
  process.on(signal, () => server.close(() => process.exit(0)));
