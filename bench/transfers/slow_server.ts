// An API and an object store that wait 50 ms before each response: `slow_server.ts FOLDER` prints the address of the API.
import { delay } from "@std/async";
import { join } from "@std/path";

const WAIT_MS = 50;
const [folder = "."] = Deno.args;
const settings = { hostname: "127.0.0.1", port: 0, onListen: () => {} };

const objects = Deno.serve(settings, async ({ url }) => {
  await delay(WAIT_MS);
  const file = await Deno.open(join(folder, new URL(url).pathname));
  const { size, mtime } = await file.stat();
  return new Response(file.readable, { headers: { "content-length": `${size}`, etag: `"${Number(mtime)}-${size}"` } });
});

const api = Deno.serve(settings, async ({ url }) => {
  await delay(WAIT_MS);
  const path = new URL(url).pathname.replace(/^\/download\//, "");
  const location = `http://127.0.0.1:${objects.addr.port}/${path}`;
  return new Response(null, { status: 302, headers: { location } });
});

// deno-lint-ignore no-console
console.log(`http://127.0.0.1:${api.addr.port}`);
