// Sends a request to a server whose response never ends, and prints how many bytes of memory that took, and how it ended.
import { ImapClient, ImapError } from "../../mod.ts";

const [url = "", step = "", file = ""] = Deno.args;
const client = new ImapClient({ url, retries: 0, timeoutMs: 10_000 });
// The memory that any call needs is not counted.
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
