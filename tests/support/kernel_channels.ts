import type { ConnectionFile } from "./kernel_process.ts";
import { KernelSocket } from "./kernel_socket.ts";
import { type Channel, decodeMessage, encodeRequest, type KernelMessage } from "./kernel_wire.ts";

/** Where {@linkcode KernelChannels} connects, and its callbacks. */
export interface KernelChannelsOptions {
  /** The ports and the key. */
  readonly connection: ConnectionFile;
  /** Called with each message that has a valid signature. */
  readonly onMessage: (message: KernelMessage) => void;
  /** Called when the connection can no longer be used, for instance after an invalid signature or a broken frame. */
  readonly onFailure: (error: unknown) => void;
  /** Stops waiting for the kernel to listen. */
  readonly signal: AbortSignal;
}

/** Three channels of a kernel: requests go through shell and control, and it broadcasts on iopub. */
export class KernelChannels {
  readonly #options: KernelChannelsOptions;
  readonly #session = crypto.randomUUID();
  readonly #sockets = new Map<Channel, KernelSocket>();
  readonly #listening: Promise<void>[] = [];

  private constructor(options: KernelChannelsOptions) {
    this.#options = options;
  }

  /** Connects all three, iopub first: broadcasts before that are lost. */
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

  /** Sends a request; the replies have its ID as their parent. */
  async request(
    channel: "shell" | "control",
    request: { id: string; type: string; content: Record<string, unknown> },
  ): Promise<void> {
    const frames = encodeRequest({ session: this.#session, ...request }, this.#options.connection.key);
    await this.#sockets.get(channel)?.send(frames);
  }

  /** Closes the connections, and waits until nothing listens anymore. */
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
