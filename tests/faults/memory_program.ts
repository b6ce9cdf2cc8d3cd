// Asks a server that answers without end, and prints how much more memory that took, in bytes, and how it ended.
import { ImapClient, ImapError } from "../../mod.ts";

const [url = "", step = "", file = ""] = Deno.args;
const client = new ImapClient({ url, retries: 0, timeoutMs: 10_000 });
// What is needed for any call at all is not counted.
await client.query({ instrument: "mag" }).catch(() => {});
const before = Deno.memoryUsage().rss;
let most = before;
const look = () => most = Math.max(most, Deno.memoryUsage().rss);
const timer = setInterval(look, 5);
const run = {
  query: () => client.query({ instrument: "swe" }),
  download: () => client.download(file),
  upload: () => client.upload(file),
}[step];
const error = await run?.().then(() => undefined, (error: unknown) => error);
clearInterval(timer);
look();
// deno-lint-ignore no-console
console.log(JSON.stringify({ growth: most - before, error: error instanceof ImapError ? error.name : String(error) }));
