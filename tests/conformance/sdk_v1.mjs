// The official TypeScript SDK 1.x, which speaks 2025-11-25.
//   node sdk_v1.mjs http|stdio NAMESPACE      server: PGMIND_URL, PGMIND_API_KEY, PGMIND_BINARY
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

import { tour } from "./sdk_tour.mjs";

const [transportName, namespace] = process.argv.slice(2);
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
const client = new Client({ name: "pgmind-test", version: "1.0.0" });
await client.connect(transport);
const seen = await tour(client, namespace);
await client.close();
console.log(JSON.stringify(seen));
