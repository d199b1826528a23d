// What an agent does with a memory, through whichever official client it was given. Prints what it
// saw as JSON; the test judges it.

async function allPages(list, member) {
  const items = [];
  let cursor;
  do {
    const page = await list(cursor === undefined ? {} : { cursor });
    items.push(...page[member]);
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return items;
}

async function callTool(client, name, args) {
  const result = await client.callTool({ name, arguments: args });
  return { isError: result.isError ?? false, ...result.structuredContent };
}

async function errorOf(promise) {
  try {
    await promise;
  } catch (error) {
    return { code: error.code, message: error.message };
  }
  return null;
}

export async function tour(client, namespace) {
  const seen = { server: client.getServerVersion()?.name };
  const tools = await allPages((params) => client.listTools(params), "tools");
  seen.tools = tools.map((tool) => tool.name);
  const pigz = { namespace, key: "pigz", value: { does: "compresses files in parallel" } };
  seen.stored = await callTool(client, "memory_store", pigz);
  seen.again = await callTool(client, "memory_store", { ...pigz, upsert: false });
  await callTool(client, "memory_store", { namespace, key: "nano", value: "a small editor" });
  seen.search = await callTool(client, "memory_search", { namespace, query: "parallel compress" });
  seen.wrong = await callTool(client, "memory_search", { namespace, query: "x", limit: 5000 });
  const resources = await allPages((params) => client.listResources(params), "resources");
  seen.resources = resources.map((resource) => resource.uri);
  const entry = { uri: `pgmind://namespaces/${namespace}/entries/pigz` };
  seen.entry = (await client.readResource(entry)).contents[0];
  seen.prompts = (await allPages((params) => client.listPrompts(params), "prompts")).map(
    (prompt) => prompt.name,
  );
  const recall = { name: "recall_context", arguments: { topic: "parallel", namespace } };
  seen.prompt = (await client.getPrompt(recall)).messages;
  seen.unknown_tool = await errorOf(client.callTool({ name: "no_such_tool", arguments: {} }));
  seen.deleted = await callTool(client, "memory_delete", { namespace, key: "pigz" });
  seen.gone = await callTool(client, "memory_retrieve", { namespace, key: "pigz" });
  return seen;
}
