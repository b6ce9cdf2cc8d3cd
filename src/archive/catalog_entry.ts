import { Buffer } from "node:buffer";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { archivePath, parseFileName, type SpiceFile } from "../names/file_name.ts";
import { parseVersion } from "../names/fields.ts";

/** A row of the catalog: the fields of a file's name, and further properties of the file. */
export interface CatalogEntry {
  /** The path in the archive, with `/` between folders; the primary key. */
  readonly file_path: string;
  /** The kind of file, which is also the table that lists it. */
  readonly table_name: string;
  /** For instance `mag`. Here and below: null where names of the kind have no such field. */
  readonly instrument: string | null;
  /** For instance `l1a`. */
  readonly data_level: string | null;
  /** The product's name. */
  readonly descriptor: string | null;
  /** The first day, `YYYYMMDD`. */
  readonly start_date: string | null;
  /** The last day, `YYYYMMDD`. */
  readonly end_date: string | null;
  /** The number of the repointing. */
  readonly repointing: number | null;
  /** The number of the Carrington rotation. */
  readonly cr: number | null;
  /** The type of a SPICE file. */
  readonly kernel_type: string | null;
  /** The name of a SPICE file without the digits of its version. */
  readonly file_root: string | null;
  /** The version in the name: `v001`, `v001.0002`, or the digits of a SPICE file. */
  readonly version: string | null;
  /** The version's major number: 1 for `v001`, as in the SDC. */
  readonly major_version: number | null;
  /** The version's minor number; of a SPICE file, its digits as a number. */
  readonly minor_version: number | null;
  /** For instance `cdf`. */
  readonly extension: string;
  /** Whether the file is released to the public: 1 or 0. */
  readonly released: 0 | 1;
  /** When the archive ingested the file: `2024-07-09 15:42:23`, UTC. */
  readonly ingestion_date: string;
  /** In bytes. */
  readonly size: number;
  /** The modification time of the file, in milliseconds since 1970. */
  readonly mtime: number;
  /** The MD5, in hex, of the bytes with this size and modification time; null until it is needed. */
  readonly md5: string | null;
}

/** The properties of a file that its name does not contain. */
interface FileFacts {
  /** In bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly mtime: number;
  /** In hex; null if it is not known yet. */
  readonly md5: string | null;
  /** When the archive ingested the file. */
  readonly ingested: Date;
  /**
   * Whether the file is released to the public. Default: as at the SDC, where the teams release their products later.
   */
  readonly isReleased?: boolean | undefined;
}

/** Formats a moment as in the catalog: `2024-07-09 15:42:23`, UTC. */
export function formatTimestamp(date: Date): string {
  return date.toISOString().slice(0, 19).replace("T", " ");
}

/** The kinds of file that are not released when the SDC indexes them. */
const RELEASED_LATER: readonly string[] = ["science", "quicklook"];

/**
 * Creates the row of a file.
 *
 * @throws {FileNameError} When the name does not follow the SDC's convention.
 */
export function catalogEntry(name: string, facts: FileFacts): CatalogEntry {
  const fields = fieldsOf(name);
  const { size, mtime, md5, ingested, isReleased = !RELEASED_LATER.includes(fields.table_name) } = facts;
  return {
    file_path: archivePath(name),
    ...fields,
    released: isReleased ? 1 : 0,
    ingestion_date: formatTimestamp(ingested),
    size,
    mtime,
    md5,
  };
}

/** The fields of a file's name. */
type NameFields = Omit<CatalogEntry, "file_path" | "released" | "ingestion_date" | "size" | "mtime" | "md5">;

const NOTHING = {
  instrument: null,
  data_level: null,
  descriptor: null,
  start_date: null,
  end_date: null,
  repointing: null,
  cr: null,
  kernel_type: null,
  file_root: null,
  version: null,
  major_version: null,
  minor_version: null,
} as const;

function fieldsOf(name: string): NameFields {
  const file = parseFileName(name);
  if (file.kind === "spice") return spiceFields(file);
  const { kind: table_name, ...fields } = file;
  const { major, minor } = parseVersion(file.version);
  return { ...NOTHING, table_name, ...fields, major_version: major ?? 1, minor_version: minor };
}

function spiceFields(file: SpiceFile): NameFields {
  const { kind: table_name, kernel_type, start_date, end_date, repointing, version, extension, name } = file;
  return {
    ...NOTHING,
    table_name,
    start_date,
    end_date,
    repointing,
    kernel_type,
    file_root: fileRoot(name, version),
    version,
    // A version with more digits than a number can represent is not compared.
    minor_version: version === null ? null : Math.min(Number(version), Number.MAX_SAFE_INTEGER),
    extension,
  };
}

/** `imap_sclk_0147.tsc` -> `imap_sclk_.tsc`: in all names of SPICE files, the last digits are those of the version. */
function fileRoot(name: string, version: string | null): string {
  if (version === null) return name;
  const at = name.lastIndexOf(version);
  return name.slice(0, at) + name.slice(at + version.length);
}

/** The approximate maximum size of the uncompressed end of a text, in bytes. */
const MAX_PLAIN_BYTES = 64 * 1024;
/** Rows are so similar that the fastest compression reduces them to a tenth. */
const EFFORT = { level: 1 };

/** One buffer for the whole output avoids buffers for its parts, and joining them. */
const WHOLE = { chunkSize: 2 * MAX_PLAIN_BYTES };

const encoder = new TextEncoder();

/**
 * A long text that is stored compressed, except for its end. Each chunk is decompressed when it is sent, so that
 * hundreds of responses to slow callers fit into memory.
 */
export class PackedText {
  readonly #packed: Uint8Array[] = [];
  #rest: string[] = [];
  #restLength = 0;
  #length = 0;

  /** In bytes. */
  get length(): number {
    return this.#length;
  }

  /** Adds text at the end. */
  add(text: string): void {
    const length = Buffer.byteLength(text);
    this.#rest.push(text);
    this.#restLength += length;
    this.#length += length;
    if (this.#restLength < MAX_PLAIN_BYTES) return;
    // A copy: the buffer of the compressed bytes may be larger than they are.
    this.#packed.push(new Uint8Array(deflateRawSync(encoder.encode(this.#rest.join("")), EFFORT)));
    this.#rest = [];
    this.#restLength = 0;
  }

  /** Returns the whole text. */
  toString(): string {
    const decoder = new TextDecoder();
    return [...this.#packed.map((chunk) => decoder.decode(inflateRawSync(chunk))), ...this.#rest].join("");
  }

  /** Returns a response with the text, which is decompressed chunk by chunk. */
  toResponse(headers: Readonly<Record<string, string>>): Response {
    const packed = this.#packed.values();
    let rest: string | undefined = this.#rest.join("");
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        const { done, value } = packed.next();
        if (!done) return controller.enqueue(new Uint8Array(inflateRawSync(value, WHOLE)));
        if (rest !== undefined && rest !== "") controller.enqueue(encoder.encode(rest));
        rest = undefined;
        controller.close();
      },
    }, { highWaterMark: 0 });
    return new Response(body, { headers: { ...headers, "content-length": String(this.#length) } });
  }
}

/**
 * Builds a JSON array from the JSON of its rows.
 *
 * @param maxBytes The longest text that is allowed, or null for any.
 * @returns Undefined when the text would be longer.
 */
export function packRows(rows: Iterable<string>, maxBytes: number | null): PackedText | undefined {
  const text = new PackedText();
  let separator = "[";
  for (const row of rows) {
    text.add(separator + row);
    separator = ",";
    if (maxBytes !== null && text.length >= maxBytes) return undefined; // Leaves room for the closing bracket.
  }
  text.add(separator === "[" ? "[]" : "]");
  return text;
}
