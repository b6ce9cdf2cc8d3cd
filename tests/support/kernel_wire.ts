/** Jupyter's messages (https://jupyter-client.readthedocs.io/en/stable/messaging.html): framing and signatures. */
import { createHmac } from "node:crypto";
import { KernelError } from "./kernel_error.ts";
import { type JsonObject, parseObject, textAt } from "./kernel_json.ts";

/** The channels of a kernel that tests use. */
export type Channel = "shell" | "control" | "iopub";

/** A message from the kernel with a valid signature. */
export interface KernelMessage {
  /** The channel that it arrived on. */
  readonly channel: Channel;
  /** For instance `stream`, `execute_result`, `status`, `execute_reply`. */
  readonly type: string;
  /** The ID of the request that it belongs to, if any. */
  readonly parentId: string | undefined;
  /** The metadata of the message, not of a display. */
  readonly metadata: JsonObject;
  /** What the type says it is. */
  readonly content: JsonObject;
  /** When it arrived, by `performance.now()`. */
  readonly receivedAt: number;
}

/** A message to the kernel. */
export interface KernelRequest {
  /** The ID that replies refer to. */
  readonly id: string;
  /** The same in all messages of one client. */
  readonly session: string;
  /** For instance `execute_request`. */
  readonly type: string;
  /** What the type says it is. */
  readonly content: JsonObject;
}

const PROTOCOL_VERSION = "5.3";
const DELIMITER = "<IDS|MSG>";

const utf8 = new TextEncoder();

function sign(key: string, parts: readonly Uint8Array[]): string {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}

/** The frames of a request: delimiter, signature, header, parent header, metadata, content. */
export function encodeRequest(request: KernelRequest, key: string): Uint8Array[] {
  const header = {
    msg_id: request.id,
    session: request.session,
    username: "test",
    date: new Date().toISOString(),
    msg_type: request.type,
    version: PROTOCOL_VERSION,
  };
  const parts = [header, {}, {}, request.content].map((part) => utf8.encode(JSON.stringify(part)));
  return [utf8.encode(DELIMITER), utf8.encode(sign(key, parts)), ...parts];
}

/**
 * Reads the frames of a message, without binary buffers and what precedes the delimiter (routing, topics).
 *
 * @throws {KernelError} When the frames are not a message, or the signature was not made with the key.
 */
export function decodeMessage(
  frames: readonly Uint8Array[],
  { channel, key }: { channel: Channel; key: string },
): KernelMessage {
  const utf8 = new TextDecoder();
  const start = frames.findIndex((frame) => utf8.decode(frame) === DELIMITER);
  const [signature, header, parent, metadata, content] = frames.slice(start + 1);
  if (start < 0 || !signature || !header || !parent || !metadata || !content) {
    throw new KernelError(`Cannot read a message on ${channel}: its ${frames.length} frames are none of Jupyter's`);
  }
  if (utf8.decode(signature) !== sign(key, [header, parent, metadata, content])) {
    throw new KernelError(`Cannot trust a message on ${channel}: its signature is wrong`);
  }
  const read = (frame: Uint8Array, what: string) => parseObject(utf8.decode(frame), `the ${what} of a message`);
  const parentHeader = read(parent, "parent header");
  return {
    channel,
    type: textAt(read(header, "header"), "msg_type"),
    parentId: parentHeader.msg_id === undefined ? undefined : textAt(parentHeader, "msg_id"),
    metadata: read(metadata, "metadata"),
    content: read(content, "content"),
    receivedAt: performance.now(),
  };
}
