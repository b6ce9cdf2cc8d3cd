import { delay } from "@std/async";
import { join } from "@std/path";
import { withDeadline } from "./kernel_deadline.ts";

/** How much of the kernel's stderr is kept: its end. */
const STDERR_KEPT = 8_000;
/** A child of the kernel may hold stderr open after the kernel's end: nobody waits for it longer than this. */
const STDERR_GRACE_MS = 500;

/** What a connection file says (jupyter-client's `Connection files`). */
export interface ConnectionFile {
  readonly transport: "tcp";
  readonly ip: "127.0.0.1";
  readonly signature_scheme: "hmac-sha256";
  /** The secret with which both sides sign. */
  readonly key: string;
  readonly shell_port: number;
  readonly iopub_port: number;
  readonly stdin_port: number;
  readonly control_port: number;
  readonly hb_port: number;
  readonly kernel_name: "deno";
}

/** Where and with what the kernel runs. */
export interface KernelProcessOptions {
  /** The working folder: its deno.json counts. Default: the test's own. */
  readonly cwd?: string | undefined;
  /** Variables on top of the test's own. */
  readonly env?: Record<string, string> | undefined;
}

/** A `deno jupyter` of this Deno, with a connection file of its own. */
export class KernelProcess {
  /** Where to connect, and the key. */
  readonly connection: ConnectionFile;
  /** How the process ended, once it has. */
  readonly status: Promise<Deno.CommandStatus>;
  readonly #folder: string;
  readonly #child: Deno.ChildProcess;
  readonly #errors: ReadableStreamDefaultReader<string>;
  readonly #errorsRead: Promise<void>;
  #stderr = "";

  private constructor(folder: string, connection: ConnectionFile, options: KernelProcessOptions) {
    this.#folder = folder;
    this.connection = connection;
    this.#child = new Deno.Command(Deno.execPath(), {
      args: ["jupyter", "--kernel", "--conn", connectionPath(folder)],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      ...options.cwd === undefined ? {} : { cwd: options.cwd },
      ...options.env === undefined ? {} : { env: options.env },
    }).spawn();
    this.status = this.#child.status;
    this.#errors = this.#child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    this.#errorsRead = this.#readErrors();
  }

  /** Writes the connection file to a temporary folder and starts the kernel; it does not answer yet. */
  static async start(options: KernelProcessOptions): Promise<KernelProcess> {
    const folder = await Deno.makeTempDir({ prefix: "imap-kernel-" });
    try {
      const connection = freshConnection();
      await Deno.writeTextFile(connectionPath(folder), JSON.stringify(connection), { mode: 0o600 });
      return new KernelProcess(folder, connection, options);
    } catch (error) {
      await Deno.remove(folder, { recursive: true });
      throw error;
    }
  }

  /** The end of what the kernel wrote to stderr so far, without colours. */
  get stderr(): string {
    // deno-lint-ignore no-control-regex
    return this.#stderr.replaceAll(/\u001b\[[0-9;]*m/g, "").trim();
  }

  /** Sends a signal; one that comes too late does nothing. */
  kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      // Deno answers so when the process has ended.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Waits for the end, makes one after `graceMs`, and removes what was there. */
  async dispose(graceMs: number): Promise<void> {
    const signal = new AbortController().signal;
    await withDeadline(() => this.status, { ms: graceMs, signal, describe: () => "" }).catch(() =>
      this.kill("SIGKILL")
    );
    await this.status;
    await this.errorsRead();
    await Deno.remove(this.#folder, { recursive: true });
  }

  /** Resolves when all of stderr is read, as far as it can be. */
  async errorsRead(): Promise<void> {
    const grace = new AbortController();
    const cancel = delay(STDERR_GRACE_MS, { signal: grace.signal }).then(() => this.#errors.cancel(), () => {});
    await this.#errorsRead;
    grace.abort();
    await cancel;
  }

  async #readErrors(): Promise<void> {
    for (;;) {
      const { done, value } = await this.#errors.read();
      if (done) return;
      this.#stderr = (this.#stderr + value).slice(-STDERR_KEPT);
    }
  }
}

function connectionPath(folder: string): string {
  return join(folder, "connection.json");
}

/** Five ports that are free now, and a random key. */
function freshConnection(): ConnectionFile {
  const port = () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    listeners.push(listener);
    return listener.addr.port;
  };
  // All are held until the last one is known: else a port would be given twice.
  const listeners: Deno.TcpListener[] = [];
  try {
    return {
      transport: "tcp",
      ip: "127.0.0.1",
      signature_scheme: "hmac-sha256",
      key: crypto.randomUUID(),
      shell_port: port(),
      iopub_port: port(),
      stdin_port: port(),
      control_port: port(),
      hb_port: port(),
      kernel_name: "deno",
    };
  } finally {
    for (const listener of listeners) listener.close();
  }
}
