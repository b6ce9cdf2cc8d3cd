/** The lines of standard input that hold something, without the white space around it. */
export async function readLines(signal: AbortSignal): Promise<string[]> {
  let text = "";
  for await (const piece of Deno.stdin.readable.pipeThrough(new TextDecoderStream(), { signal })) text += piece;
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "");
}
