import { assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";

/** Set to `1`, it writes the snapshots anew: look at what changed before you keep it. */
const UPDATE = "UPDATE_SNAPSHOTS";

/**
 * Compares a text with the one that is kept in `__snapshots__` beside the test. `UPDATE_SNAPSHOTS=1` writes it anew.
 *
 * @param test The test's `import.meta.url`.
 * @param name The snapshot's file name.
 */
export async function assertSnapshot(test: string, name: string, text: string): Promise<void> {
  const path = join(dirname(fromFileUrl(test)), "__snapshots__", name);
  if (Deno.env.get(UPDATE) === "1") {
    await Deno.mkdir(dirname(path), { recursive: true });
    await Deno.writeTextFile(path, text);
  }
  const kept = await Deno.readTextFile(path).catch(() => `(there is no ${name}; ${UPDATE}=1 writes it)`);
  assertEquals(text, kept, `${name} is not what it was; ${UPDATE}=1 keeps the new one`);
}
