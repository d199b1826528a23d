// The official TypeScript client 2.x: negotiates 2026-07-28 with mode auto, speaks 2025-11-25 with
// mode legacy.
//   node sdk_v2.mjs http|stdio NAMESPACE MODE   server: PGMIND_URL, PGMIND_API_KEY, PGMIND_BINARY
import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

import { tour } from "./sdk_tour.mjs";

const [transportName, namespace, mode] = process.argv.slice(2);
const { PGMIND_URL, PGMIND_API_KEY, PGMIND_BINARY } = process.env;

const transport =
  transportName === "http"
    ? new StreamableHTTPClientTransport(new URL("/mcp", PGMIND_URL), {
        requestInit: { headers: { Authorization: `Bearer ${PGMIND_API_KEY}` } },
      })
    : new StdioClientTransport({
        command: PGMIND_BINARY,
        args: ["mcp"],
        env: { PGMIND_URL, PGMIND_API_KEY },
      });
const client = new Client(
  { name: "pgmind-test", version: "1.0.0" },
  { versionNegotiation: { mode } },
);
await client.connect(transport);
const seen = await tour(client, namespace);
seen.protocol = client.getNegotiatedProtocolVersion();
await client.close();
console.log(JSON.stringify(seen));
