import { LiveOutput, type MimeBundle } from "../../src/display/notebook.ts";
import { assertEquals } from "@std/assert";

function bundleOf(text: string): MimeBundle {
  return { "text/plain": text, "text/html": text };
}

/** A Jupyter kernel that records what is sent, and finishes sending only when the test says so. */
class SlowKernel {
  readonly sent: string[] = [];
  readonly #waiting: Array<() => void> = [];
  #next = Promise.withResolvers<void>();

  async broadcast(type: string, content: Record<string, unknown>): Promise<void> {
    const { data } = content as { data: MimeBundle };
    this.sent.push(`${type} ${data["text/html"]}`);
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    this.#next.resolve();
    await promise;
  }

  /** Waits until an output is being sent. */
  async isSending(): Promise<void> {
    await this.#next.promise;
    this.#next = Promise.withResolvers<void>();
  }

  /** Lets the output that is being sent arrive. */
  arrive(): void {
    this.#waiting.shift()?.();
  }
}

Deno.test("LiveOutput.end() waits for the drawing in progress, and draws nothing afterwards", async () => {
  const kernel = new SlowKernel();
  let drawn = 0;
  const output = new LiveOutput(() => bundleOf(`drawing ${++drawn}`), kernel);
  output.begin();
  await kernel.isSending();
  const ended = output.end(bundleOf("done"));
  // By now end() has done everything that it does without waiting.
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals(kernel.sent, ["display_data drawing 1"]);
  kernel.arrive();
  await kernel.isSending();
  kernel.arrive();
  await ended;
  // A timer that end() left running would draw before this output, which begins later.
  const later = new LiveOutput(() => bundleOf("later"), kernel);
  later.begin();
  await kernel.isSending();
  kernel.arrive();
  const end = later.end(bundleOf("later"));
  assertEquals(kernel.sent.slice(0, 3), ["display_data drawing 1", "update_display_data done", "display_data later"]);
  await end;
  assertEquals(drawn, 1);
});

Deno.test("LiveOutput shows a single drawing for work that is done at once, and no drawing twice", async () => {
  const kernel = { sent: [] as string[], broadcast: (type: string) => Promise.resolve(void kernel.sent.push(type)) };
  const output = new LiveOutput(() => bundleOf("drawing"), kernel);
  output.begin();
  await output.end(bundleOf("done"));
  await output.end(bundleOf("done"));
  assertEquals(kernel.sent, ["display_data"]);
});

Deno.test("LiveOutput ignores a failing Jupyter kernel: the work continues", async () => {
  const kernel = { broadcast: () => Promise.reject(new Error("no kernel")) };
  await new LiveOutput(() => bundleOf("drawing"), kernel).end(bundleOf("done"));
});
