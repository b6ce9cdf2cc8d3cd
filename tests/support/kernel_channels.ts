import type { ConnectionFile } from "./kernel_process.ts";
import { KernelSocket } from "./kernel_socket.ts";
import { type Channel, decodeMessage, encodeRequest, type KernelMessage } from "./kernel_wire.ts";

/** Where {@linkcode KernelChannels} connects, and whom it tells. */
export interface KernelChannelsOptions {
  /** Ports and key. */
  readonly connection: ConnectionFile;
  /** Gets each message whose signature is right. */
  readonly onMessage: (message: KernelMessage) => void;
  /** Gets what makes further listening senseless: a wrong signature, a broken frame. */
  readonly onFailure: (error: unknown) => void;
  /** Ends the wait for the kernel to listen. */
  readonly signal: AbortSignal;
}

/** The three conversations with a kernel: requests on shell and control, and what it tells everybody on iopub. */
export class KernelChannels {
  readonly #options: KernelChannelsOptions;
  readonly #session = crypto.randomUUID();
  readonly #sockets = new Map<Channel, KernelSocket>();
  readonly #listening: Promise<void>[] = [];

  private constructor(options: KernelChannelsOptions) {
    this.#options = options;
  }

  /** Connects all three, iopub first: what is told before somebody listens is lost. */
  static async open(options: KernelChannelsOptions): Promise<KernelChannels> {
    const channels = new KernelChannels(options);
    const { iopub_port, shell_port, control_port } = options.connection;
    try {
      await channels.#open("iopub", iopub_port);
      await channels.#open("shell", shell_port);
      await channels.#open("control", control_port);
      return channels;
    } catch (error) {
      await channels.close();
      throw error;
    }
  }

  /** Sends a request; the answers name its id as their parent. */
  async request(
    channel: "shell" | "control",
    request: { id: string; type: string; content: Record<string, unknown> },
  ): Promise<void> {
    const frames = encodeRequest({ session: this.#session, ...request }, this.#options.connection.key);
    await this.#sockets.get(channel)?.send(frames);
  }

  /** Hangs up, and waits until nothing listens any more. */
  async close(): Promise<void> {
    for (const socket of this.#sockets.values()) socket.close();
    await Promise.all(this.#listening);
  }

  async #open(channel: Channel, port: number): Promise<void> {
    const socketType = channel === "iopub" ? "SUB" : "DEALER";
    const socket = await KernelSocket.open({ port, socketType, signal: this.#options.signal });
    this.#sockets.set(channel, socket);
    this.#listening.push(this.#listen(channel, socket).catch(this.#options.onFailure));
  }

  async #listen(channel: Channel, socket: KernelSocket): Promise<void> {
    const { key } = this.#options.connection;
    for (let frames = await socket.receive(); frames !== null; frames = await socket.receive()) {
      this.#options.onMessage(decodeMessage(frames, { channel, key }));
    }
  }
}
