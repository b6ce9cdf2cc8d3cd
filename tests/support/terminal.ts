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
  /** Changes its width, as when a person changes the size of a window. */
  resize(columns: number): Promise<void>;
  /** Waits for the end. Returns the exit code. */
  done(): Promise<number>;
}

/** Starts the command line in a terminal of its own. */
export function openTerminal(
  args: readonly string[],
  { env, size: { rows, columns } = { rows: 24, columns: 100 }, program = "imap-data-access" }: {
    readonly env: Readonly<Record<string, string>>;
    readonly size?: TerminalSize;
    /** What to run: the command line, or any program with Deno. */
    readonly program?: "imap-data-access" | "deno";
  },
): Terminal {
  // A new terminal has no size.
  const quoted = args.map((arg) => `'${arg}'`);
  // The shell sets COLUMNS to the size of the terminal.
  const { COLUMNS = "", ...others } = env;
  // The cache of compiled code is shared, and Deno complains in the terminal when another process is using it.
  const entry = program === "deno" ? [] : [CLI];
  const device = Deno.makeTempFileSync({ prefix: "imap_terminal_" });
  const size = `stty rows ${rows} cols ${columns}; tty >${device}; exec env COLUMNS=${COLUMNS}`;
  const run = [size, Deno.execPath(), "run", "-A", "--quiet", "--no-code-cache", ...entry, ...quoted].join(" ");
  const command = new Deno.Command("script", {
    args: ["--quiet", "--flush", "--return", "--command", run, "/dev/null"],
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
    resize: async (columns) => {
      const args = ["-F", (await Deno.readTextFile(device)).trim(), "cols", String(columns)];
      const { success } = await new Deno.Command("stty", { args }).output();
      if (!success) throw new Error("Cannot change the size of the terminal");
    },
    type: (text) => keys.write(new TextEncoder().encode(text)),
    done: async () => {
      const { code } = await child.status;
      await reading;
      await keys.close().catch(() => {});
      await Deno.remove(device);
      return code;
    },
  };
}
