import { ConnectionError, FileNameError, ImapError } from "../errors.ts";
import { archivePath } from "../names/file_name.ts";
import { basename } from "@std/path";

/**
 * Whether a path follows the SDC's convention for the file name at its end. The archive uses no other paths, so a path
 * cannot point outside its folder or into its state folder.
 */
export function isCanonicalPath(path: string): boolean {
  try {
    return archivePath(basename(path)) === path;
  } catch (error) {
    if (error instanceof FileNameError) return false;
    throw error;
  }
}

/** Thrown when a sender sent fewer or more bytes than it announced. */
export class IncompleteBodyError extends ConnectionError {
  /** The class's name, as `error.name` shows it. */
  override readonly name = "IncompleteBodyError";
}

/**
 * Thrown when the path of a file or its folder is taken by something that does not belong to the archive. It is neither
 * followed nor replaced.
 */
export class PlaceTakenError extends ImapError {
  /** The class's name, as `error.name` shows it. */
  override readonly name = "PlaceTakenError";
}

/** A file of the archive, open for reading: the same bytes until it is closed, whatever takes its place. */
export interface StoredObject {
  /** In bytes. */
  readonly size: number;
  /** When it was last modified. */
  readonly modified: Date;
  /** Returns the MD5 of the bytes, in hex. The whole file may have to be read. */
  md5(): Promise<string>;
  /** Reads bytes, one call at a time. @returns Fewer than asked for only if the file has become shorter. */
  read(position: number, length: number): Promise<Uint8Array<ArrayBuffer>>;
  /** Streams bytes, by default all of them. The end of the stream, or canceling it, closes the file. */
  stream(position?: number, length?: number): ReadableStream<Uint8Array<ArrayBuffer>>;
  /** Closes the file. */
  close(): void;
}

/** What a presigned URL allows. */
export interface PresignedAccess {
  /** The method. */
  readonly method: "GET" | "PUT";
  /** The path of the object, not encoded, without a leading slash. */
  readonly path: string;
  /** The origin of the archive's own objects, `http://127.0.0.1:40001`; a store elsewhere has its own. */
  readonly origin: string;
  /** The lifetime of the URL, from now. */
  readonly lifetimeSeconds: number;
  /** The required value of the header `x-amz-tagging`, empty for no header; undefined if any value is accepted. */
  readonly tagging?: string | undefined;
}

/** The files of an archive. */
export interface ObjectStore {
  /**
   * Whether a file exists at a path, in the catalog or only in the store. A store whose objects come in without the
   * archive lists what it finds there.
   *
   * @param path A path for which {@linkcode isCanonicalPath} holds.
   */
  has(path: string): Promise<boolean>;
  /** Opens a file of the catalog; undefined if it does not exist. The caller closes it. */
  open(path: string): Promise<StoredObject | undefined>;
  /** Returns where a file of the catalog is on this machine; undefined if it does not exist. */
  placeOf(path: string): Promise<{ readonly path: string } | "elsewhere" | undefined>;
  /**
   * Stores a file completely or not at all, with its row.
   *
   * @param path A path for which {@linkcode isCanonicalPath} holds.
   * @param body The bytes; null for an empty file.
   * @param length The number of bytes.
   * @param isReleased Whether the file is released to the public. Default: as for its kind at the SDC.
   * @returns The MD5 of the bytes, in hex.
   * @throws {IncompleteBodyError} When there are more or fewer bytes. {PlaceTakenError} When something else exists at
   * the path.
   */
  put(
    path: string,
    body: ReadableStream<Uint8Array> | null,
    length: number,
    isReleased?: boolean,
  ): Promise<string>;
  /** Returns a URL to read or write an object: the only credential that its user needs. */
  presign(access: PresignedAccess): Promise<string>;
}
