import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { MOST_WAITING } from "./limits.ts";

/** What one connection asks for, in the order in which it came. */
interface Queue {
  /** The requests that are not answered yet; the first one is being answered. */
  readonly requests: IncomingMessage[];
  /** Settles with the last of them. */
  over: Promise<void>;
}

/**
 * Answers the requests of a connection one after the other. HTTP lets a caller send the next ones before it has the answer
 * (RFC 9112, 9.3.2): with all of them at work at once, a single connection could have any number of files open.
 */
export class Turns {
  readonly #queues = new WeakMap<Duplex, Queue>();

  /**
   * Runs an exchange when those that came before it on the connection are over.
   *
   * @returns Undefined when too many wait: nobody needs that.
   */
  take(incoming: IncomingMessage, exchange: () => Promise<void>): Promise<void> | undefined {
    const queue = this.#queues.get(incoming.socket) ?? { requests: [], over: Promise.resolve() };
    if (queue.requests.length > MOST_WAITING) return undefined;
    this.#queues.set(incoming.socket, queue);
    queue.requests.push(incoming);
    queue.over = queue.over.then(exchange).finally(() => queue.requests.shift());
    return queue.over;
  }

  /** The requests of a connection that are not answered yet. */
  waiting(socket: Duplex): readonly IncomingMessage[] {
    return this.#queues.get(socket)?.requests ?? [];
  }

  /** Until all of them are answered, or given up. */
  async over(socket: Duplex): Promise<void> {
    await this.#queues.get(socket)?.over;
  }
}
