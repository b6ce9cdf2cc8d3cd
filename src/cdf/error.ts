/**
 * What a {@linkcode CdfError} is about:
 *
 * - `format`: the file contradicts the CDF format, or itself.
 * - `truncated`: the file ends before what it announces.
 * - `unsupported`: the file uses a part of the format that this reader does not know, such as Huffman compression.
 * - `limit`: the values would take more memory than allowed.
 * - `checksum`: the MD5 checksum does not match.
 * - `argument`: the caller asked for something that the file does not have, or that does not exist.
 * - `changed`: the file changed while it was read.
 *
 * @category Errors
 */
export type CdfErrorCode = "format" | "truncated" | "unsupported" | "limit" | "checksum" | "argument" | "changed";

/**
 * Where in the file an error is: the type of the internal record (`zVDR`, `VXR`, ...) and its offset in bytes.
 *
 * @category Errors
 */
export interface CdfPlace {
  /** The type of the internal record, as in the CDF internal format description. */
  readonly record?: string | undefined;
  /** The offset of the record from the start of the file, in bytes; of the uncompressed file, if it is compressed as a whole. */
  readonly offset?: number | undefined;
}

/**
 * An error of the CDF reader. Whatever a file contains, reading it either succeeds or fails with this error.
 *
 * @example
 * ```ts
 * import { CdfError, openCdf } from "@imap-sdc/data-access/cdf";
 *
 * try {
 *   await openCdf(new TextEncoder().encode("not a CDF file"));
 * } catch (error) {
 *   if (error instanceof CdfError) console.log(error.code, error.message);
 * }
 * ```
 *
 * @category Errors
 */
export class CdfError extends Error implements CdfPlace {
  /** `CdfError` */
  override readonly name = "CdfError";
  /** What the error is about. */
  readonly code: CdfErrorCode;
  /** The type of the internal record, such as `zVDR`, if the error is in one. */
  readonly record: string | undefined;
  /** The offset of the record from the start of the file, in bytes, if the error is in one. */
  readonly offset: number | undefined;

  /**
   * Makes an error.
   *
   * @param code What it is about.
   * @param message What cannot be done, and why.
   * @param place Where in the file the error is, and what caused it.
   */
  constructor(code: CdfErrorCode, message: string, place: CdfPlace & { readonly cause?: unknown } = {}) {
    super(message, place.cause === undefined ? undefined : { cause: place.cause });
    this.code = code;
    this.record = place.record;
    this.offset = place.offset;
  }
}

/** An error in an internal record: `Cannot read the zVDR at byte 320: ...`. */
export function recordError(
  code: CdfErrorCode,
  record: string,
  offset: number,
  state: string,
  cause?: unknown,
): CdfError {
  return new CdfError(code, `Cannot read the ${record} at byte ${offset}: ${state}`, { record, offset, cause });
}
