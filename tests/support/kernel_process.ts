import { delay } from "@std/async";
import { join } from "@std/path";
import { withDeadline } from "./kernel_deadline.ts";

/** The maximum length of the end of the kernel's stderr that is kept. */
const STDERR_KEPT = 8_000;
/** The maximum time to wait for the end of stderr: a child of the kernel may keep it open after the kernel has ended. */
const STDERR_GRACE_MS = 500;

/** The contents of a connection file (jupyter-client, "Connection files"). */
export interface ConnectionFile {
  readonly transport: "tcp";
  readonly ip: "127.0.0.1";
  readonly signature_scheme: "hmac-sha256";
  /** The secret that both sides sign messages with. */
  readonly key: string;
  readonly shell_port: number;
  readonly iopub_port: number;
  readonly stdin_port: number;
  readonly control_port: number;
  readonly hb_port: number;
  readonly kernel_name: "deno";
}

/** The folder and the environment of the kernel. */
export interface KernelProcessOptions {
  /** The working folder, whose deno.json applies. Default: that of the test. */
  readonly cwd?: string | undefined;
  /** Environment variables in addition to those of the test. */
  readonly env?: Record<string, string> | undefined;
}

/** A process of `deno jupyter` with its own connection file. */
export class KernelProcess {
  /** Where to connect, and the key. */
  readonly connection: ConnectionFile;
  /** The status of the process, once it has ended. */
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

  /** Writes the connection file to a temporary folder and starts the kernel, which does not reply yet. */
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

  /** The end of what the kernel has written to stderr so far, without colors. */
  get stderr(): string {
    // deno-lint-ignore no-control-regex
    return this.#stderr.replaceAll(/\u001b\[[0-9;]*m/g, "").trim();
  }

  /** Sends a signal; does nothing if the kernel has ended. */
  kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch (error) {
      // Deno throws this when the process has ended.
      if (!(error instanceof TypeError || error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Waits for its end, kills it after `graceMs`, and removes its files. */
  async dispose(graceMs: number): Promise<void> {
    const signal = new AbortController().signal;
    await withDeadline(() => this.status, { ms: graceMs, signal, describe: () => "" }).catch(() =>
      this.kill("SIGKILL")
    );
    await this.status;
    await this.errorsRead();
    await Deno.remove(this.#folder, { recursive: true });
  }

  /** Resolves when stderr has been read completely, or cannot be read any further. */
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

/** Returns five ports that are free now, and a random key. */
function freshConnection(): ConnectionFile {
  const port = () => {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    listeners.push(listener);
    return listener.addr.port;
  };
  // All listeners stay open until the last port is known: otherwise a port could be returned twice.
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
