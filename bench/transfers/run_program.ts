import { watchPeak } from "./peak_memory.ts";

/** A program to run. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** Its standard input. */
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
}

function spawn({ command, args, input, env }: Program, stdout: "null" | "piped"): Deno.ChildProcess {
  return new Deno.Command(command, {
    args: [...args],
    env: { NO_COLOR: "1", ...env },
    stdin: input === undefined ? "null" : "piped",
    stdout,
    stderr: "piped",
  }).spawn();
}

async function feed(process: Deno.ChildProcess, input: string | undefined): Promise<void> {
  if (input === undefined) return;
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
}

function judge({ command, args }: Program, { code }: Deno.CommandStatus, said: string): void {
  const line = [command, ...args].join(" ").slice(0, 300);
  if (code !== 0) throw new Error(`"${line}" ended with ${code}: ${said.slice(-2000)}`);
}

/** Runs a program, which must succeed. */
export async function runProgram(program: Program): Promise<void> {
  const process = spawn(program, "null");
  const [said, status] = await Promise.all([
    new Response(process.stderr).text(),
    process.status,
    feed(process, program.input),
  ]);
  judge(program, status, said);
}

/** Runs a program, which must succeed. @returns Its peak memory in bytes. */
export async function runWatched(program: Program): Promise<number> {
  const process = spawn(program, "null");
  const [said, status, peak] = await Promise.all([
    new Response(process.stderr).text(),
    process.status,
    watchPeak(process.pid),
    feed(process, program.input),
  ]);
  judge(program, status, said);
  return peak;
}

/** Runs a program, which must succeed. @returns Its standard output. */
export async function outputOf(program: Program): Promise<string> {
  const process = spawn(program, "piped");
  const { stdout, stderr, ...status } = await process.output();
  judge(program, status, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}
