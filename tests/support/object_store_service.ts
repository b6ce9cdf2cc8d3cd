import { archivePath } from "../../mod.ts";
import {
  type Answer,
  answerBy,
  type Behavior,
  closed,
  type Fault,
  objectAnswer,
  refusal,
  send,
  type StoredObject,
} from "./object_answer.ts";
import { apiAnswer } from "./object_store_api.ts";
import { md5Tag } from "./object_store_bytes.ts";
import type { SocketRequest } from "./server_socket.ts";

/** The response of a handler, as the sockets send it. */
async function answerOf(response: Response): Promise<Answer> {
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.bytes() };
}

/** Handles requests for the API and for the origin of the objects, whichever server receives them. */
export class ObjectService {
  /** The objects, by their archive paths. */
  readonly objects = new Map<string, StoredObject>();
  /** How often a presigned URL can be used before it expires. */
  urlUses = Infinity;
  /** The origin of the objects. */
  origin = "";
  /** Where redirects may lead. */
  elsewhere = "";
  #credential = "";
  readonly #uses = new Map<string, number>();

  /** Responds to a request to the API. */
  async serveApi(
    { url: address, headers, socket }: SocketRequest,
    scripted: Response | Behavior | Fault,
  ): Promise<void> {
    if (scripted instanceof Response) return await send(socket, await answerOf(scripted), {}, () => {});
    this.#credential = headers.get("x-api-key") ?? this.#credential;
    const url = new URL(address);
    const right = apiAnswer(url, this.objects, this.origin);
    const behavior = this.#behave(scripted, right, url);
    await send(socket, answerBy(right, behavior), behavior, () => {});
  }

  /** Sends or accepts an object. @param onSent Called with the number of the object's bytes that were sent. */
  async serveObject(
    request: SocketRequest,
    scripted: Behavior | Fault,
    onSent: (bytes: number) => void = () => {},
  ): Promise<void> {
    const url = new URL(request.url);
    const isExpired = this.#isExpired(url);
    if (request.method === "PUT") return await this.#take(request, scripted, url, isExpired);
    const object = this.objects.get(decodeURIComponent(url.pathname.slice(1)));
    const ranges = typeof scripted === "function" ? {} : scripted;
    const right = isExpired
      ? refusal(403)
      : object === undefined
      ? refusal(404)
      : objectAnswer(object, request.headers, ranges);
    const behavior = this.#behave(scripted, right, url);
    const answer = answerBy(right, behavior);
    const isObject = answer === right && right.status < 300;
    await send(request.socket, answer, behavior, (bytes) => isObject && onSent(bytes));
  }

  async #take(request: SocketRequest, scripted: Behavior | Fault, url: URL, isExpired: boolean): Promise<void> {
    const { headers, read, socket } = request;
    const bytes = await read.exactly(Number(headers.get("content-length")));
    if (bytes === undefined) return;
    const etag = md5Tag(bytes);
    const right = isExpired ? refusal(403) : { status: 200, headers: { etag }, body: new Uint8Array() };
    const behavior = this.#behave(scripted, right, url);
    if (behavior.stallAfter !== undefined) return await closed(socket);
    const isTaken = !isExpired && (behavior.status ?? 200) === 200;
    if (isTaken) this.objects.set(archivePath(decodeURIComponent(url.pathname.slice(1))), { bytes, etag });
    if (isTaken && behavior.loseAnswer) return void socket.resetAndDestroy();
    await send(socket, answerBy(right, behavior), behavior, () => {});
  }

  #behave(scripted: Behavior | Fault, right: Answer, url: URL): Behavior {
    return typeof scripted === "function"
      ? scripted(right, { url, elsewhere: this.elsewhere, credential: this.#credential })
      : scripted;
  }

  #isExpired(url: URL): boolean {
    const number = url.searchParams.get("n") ?? "";
    const uses = (this.#uses.get(number) ?? 0) + 1;
    this.#uses.set(number, uses);
    return uses > this.urlUses;
  }
}
