import { KernelError } from "./kernel_error.ts";

/** A JSON object with unknown contents. */
export type JsonObject = { readonly [key: string]: unknown };

/** Whether a value is a JSON object, not an array or null. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Parses text that must be a JSON object; `what` names it in the message. */
export function parseObject(text: string, what: string): JsonObject {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) throw new KernelError(`Cannot read ${what}: it is no JSON object`);
  return value;
}

/** The object under a key; an empty one when the key is missing. */
export function objectAt(object: JsonObject, key: string): JsonObject {
  const value = object[key] ?? {};
  if (!isObject(value)) throw new KernelError(`Cannot read "${key}": it is not an object`);
  return value;
}

/** The text under a key. Jupyter's files split texts into arrays of lines, which are joined. */
export function textAt(object: JsonObject, key: string): string {
  const value = joinLines(object[key]);
  if (typeof value !== "string") throw new KernelError(`Cannot read "${key}": it is no text`);
  return value;
}

/** The whole number under a key; null when it is null or missing. */
export function countAt(object: JsonObject, key: string): number | null {
  const value = object[key] ?? null;
  if (value !== null && (typeof value !== "number" || !Number.isSafeInteger(value))) {
    throw new KernelError(`Cannot read "${key}": it is no whole number`);
  }
  return value;
}

/** The array under a key; an empty one when the key is missing. */
export function arrayAt(object: JsonObject, key: string): readonly unknown[] {
  const value = object[key] ?? [];
  if (!Array.isArray(value)) throw new KernelError(`Cannot read "${key}": it is no array`);
  return value;
}

/** The array of texts under a key. */
export function textsAt(object: JsonObject, key: string): string[] {
  return arrayAt(object, key).map((value) => {
    if (typeof value !== "string") throw new KernelError(`Cannot read "${key}": it holds what is no text`);
    return value;
  });
}

/** Joins an array of texts, as notebooks store long texts; any other value is returned unchanged. */
export function joinLines(value: unknown): unknown {
  return Array.isArray(value) && value.every((line) => typeof line === "string") ? value.join("") : value;
}
