// The command line in a real terminal, made by `script` of util-linux.
import { fromFileUrl } from "@std/path";

const CLI = fromFileUrl(new URL("../../cli.ts", import.meta.url));

/** The size of a terminal. */
export interface TerminalSize {
  readonly rows: number;
  readonly columns: number;
}

/** Whether this machine can make terminals. */
export function hasTerminal(): boolean {
  if (Deno.build.os !== "linux") return false;
  try {
    const args = ["--version"];
    const { success, stdout } = new Deno.Command("script", { args, stdout: "piped", stderr: "null" }).outputSync();
    return success && new TextDecoder().decode(stdout).includes("util-linux");
  } catch {
    return false;
  }
}

/** A command line that runs in a terminal. */
export interface Terminal {
  /** What was written to the terminal so far, with all control sequences. */
  shown(): string;
  /** Types on its keyboard. */
  type(text: string): Promise<void>;
  /** Waits for the end. Returns the exit code. */
  done(): Promise<number>;
}

/** Starts the command line in a terminal of its own. */
export function openTerminal(
  args: readonly string[],
  { env, size: { rows, columns } = { rows: 24, columns: 100 } }: {
    readonly env: Readonly<Record<string, string>>;
    readonly size?: TerminalSize;
  },
): Terminal {
  // A new terminal has no size.
  const quoted = args.map((arg) => `'${arg}'`);
  // The shell sets COLUMNS to the size of the terminal.
  const { COLUMNS = "", ...others } = env;
  const line = [
    `stty rows ${rows} cols ${columns}; exec env COLUMNS=${COLUMNS}`,
    Deno.execPath(),
    "run",
    "-A",
    "--quiet",
    CLI,
    ...quoted,
  ];
  const command = new Deno.Command("script", {
    args: ["--quiet", "--flush", "--return", "--command", line.join(" "), "/dev/null"],
    env: { TERM: "xterm", NO_COLOR: "", FORCE_COLOR: "", DENO_NO_UPDATE_CHECK: "1", ...others },
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  });
  const child = command.spawn();
  const keys = child.stdin.getWriter();
  let shown = "";
  const reading = (async () => {
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) shown += text;
  })();
  return {
    shown: () => shown,
    type: (text) => keys.write(new TextEncoder().encode(text)),
    done: async () => {
      const { code } = await child.status;
      await reading;
      await keys.close().catch(() => {});
      return code;
    },
  };
}
