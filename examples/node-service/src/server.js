// SPDX-License-Identifier: Apache-2.0
import { createServer } from "node:http";
import { greet } from "greeter";

/** The service: `/?name=X` greets, `/health` says that it lives. */
export function service() {
  return createServer((request, response) => {
    const url = new URL(request.url, "http://service");
    if (url.pathname === "/health") return response.end("ok\n");
    if (url.pathname !== "/") return response.writeHead(404).end("not found\n");
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ message: greet(url.searchParams.get("name") ?? "") }) + "\n");
  });
}
