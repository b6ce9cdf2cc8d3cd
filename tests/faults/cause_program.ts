// Makes one call in a process of its own, whose environment and permissions a test has set, and prints how it failed.
import { ImapClient, ImapError } from "../../mod.ts";

const [text = "{}"] = Deno.args;
const { operation, file, ...settings }: { operation: "query" | "download"; file: string } = JSON.parse(text);
let retries = 0;
const client = new ImapClient({
  ...settings,
  retries: 1,
  random: () => 0,
  log: (event) => {
    if (event.type === "retry") retries++;
  },
});
const print = (facts: object) => Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify(facts)));
const started = performance.now();
try {
  await (operation === "query" ? client.query({ instrument: "mag" }) : client.download(file));
  print({ message: "", retries });
} catch (error) {
  if (!(error instanceof ImapError)) throw error;
  const milliseconds = performance.now() - started;
  print({ name: error.name, message: error.message, retries, milliseconds });
}
