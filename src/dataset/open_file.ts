// Finds out what a file is by its first bytes, and opens it.
import { type Cdf, type CdfInput, type CdfSource, openCdf } from "../cdf/cdf.ts";
import { type PacketSummary, summarizePackets } from "../ccsds/packets.ts";
import { decodeText, FileError } from "../errors.ts";
import { IstpFile } from "./istp_file.ts";

/** What is in a file. */
export type FileContent =
  | { readonly kind: "cdf"; readonly cdf: Cdf; readonly file: IstpFile }
  | { readonly kind: "packets"; readonly packets: PacketSummary }
  /** The first lines of a text, and whether there are more. */
  | { readonly kind: "text"; readonly format: string; readonly lines: readonly string[]; readonly isCut: boolean }
  /** A file whose contents are not read. */
  | { readonly kind: "other"; readonly format: string };

/**
 * What a file is: a CDF file, a file of packets, a text, or something whose contents are not read.
 *
 * @category Open files
 */
export type FileContentKind = "cdf" | "packets" | "text" | "other";

const HEAD_BYTES = 16 * 1024;
const MAX_LINES = 40;

/** The first bytes of formats that have some. NASA's CDF: versions 3, 2.6, and 2.5. */
const SIGNATURES: ReadonlyArray<readonly [bytes: string, format: string]> = [
  ["cdf30001", "cdf"],
  ["cdf26002", "cdf"],
  ["0000ffff0000ffff", "cdf"],
  ["504b0304", "a ZIP archive, or a document such as .xlsx"],
  ["ffd8ff", "a JPEG picture"],
  ["89504e47", "a PNG picture"],
  ["25504446", "a PDF document"],
  ["4441462f", "a binary SPICE kernel (DAF)"],
  ["4e4149462f444146", "a binary SPICE kernel (DAF)"],
  ["4441532f", "a binary SPICE kernel (DAS)"],
  ["1f8b", "a file compressed with gzip"],
  ["894844460d0a1a0a", "an HDF5 file"],
];

/** The extensions of files of packets. */
const PACKET_EXTENSION = /\.(pkts|ccsds|bin)$/i;

function formatOf(head: Uint8Array): string | undefined {
  const hex = head.subarray(0, 8).toHex();
  return SIGNATURES.find(([bytes]) => hex.startsWith(bytes))?.[1];
}

/** Names the format of a text. */
function textFormat(text: string, name: string): string {
  if (text.startsWith("KPL/")) return `a SPICE text kernel (${text.split(/\s/, 1)[0]})`;
  const extension = /\.([a-z0-9]+)$/i.exec(name)?.[1]?.toLowerCase();
  if (text === "") return "an empty file";
  if (extension === "cdf") return "a text, not a CDF file";
  return extension === undefined ? "a text" : `a text (.${extension})`;
}

/** Reads the first lines of a text; undefined if it is not a text. */
function readLines(head: Uint8Array, isWhole: boolean): { text: string; lines: string[]; isCut: boolean } | undefined {
  // The end may be in the middle of a character, but not in the middle of a line.
  const end = isWhole ? head.length : head.lastIndexOf(10) + 1;
  if (end === 0 && head.length > 0) return undefined;
  const bytes = head.subarray(0, end);
  const decoded = decodeText(bytes);
  if ("problem" in decoded || bytes.includes(0)) return undefined;
  const text = decoded.text.replace(/^\ufeff/, "");
  const all = text.replace(/\r?\n$/, "").split(/\r?\n/);
  const lines = text === "" ? [] : all.slice(0, MAX_LINES);
  return { text, lines, isCut: !isWhole || lines.length < all.length };
}

/**
 * Finds out what a file is, and opens it.
 *
 * @param source The bytes of the file.
 * @param options `name`: its name; `cdf`: what a CDF file is read from, if not from the source.
 */
export async function openContent(
  source: CdfSource,
  { name, cdf = source }: { readonly name: string; readonly cdf?: CdfInput },
): Promise<FileContent> {
  const head = source.size === 0 ? new Uint8Array() : await source.read(0, Math.min(source.size, HEAD_BYTES));
  const format = formatOf(head);
  if (format === "cdf") {
    const opened = await openCdf(cdf);
    return { kind: "cdf", cdf: opened, file: new IstpFile(opened) };
  }
  if (format !== undefined) return { kind: "other", format };
  if (PACKET_EXTENSION.test(name) && source.size > 0) {
    return { kind: "packets", packets: await summarizePackets(source) };
  }
  const text = readLines(head, head.length === source.size);
  if (text === undefined) return { kind: "other", format: "binary data of an unknown format" };
  return { kind: "text", format: textFormat(text.text, name), lines: text.lines, isCut: text.isCut };
}

/** Finds out what a file of this machine is, and opens it. @throws {FileError} If it is not there, or is not a file. */
export async function openPath(path: string, name: string): Promise<FileContent> {
  return await openContent(await FileSource.at(path), { name, cdf: path });
}

/** A file of this machine whose ranges are read. */
class FileSource implements CdfSource {
  readonly size: number;
  readonly #path: string;

  private constructor(path: string, size: number) {
    this.#path = path;
    this.size = size;
  }

  /**
   * Looks at a file.
   *
   * @throws {FileError} If it is not there, or is not a file.
   */
  static async at(path: string): Promise<FileSource> {
    try {
      const { isFile, size } = await Deno.stat(path);
      if (isFile) return new FileSource(path, size);
    } catch (cause) {
      const reason = cause instanceof Deno.errors.NotFound
        ? "there is no such file"
        : cause instanceof Error
        ? cause.message
        : String(cause);
      throw new FileError(reason, { action: `open "${path}"`, cause, path });
    }
    throw new FileError("it is not a file", { action: `open "${path}"`, path });
  }

  /** Reads a range. */
  async read(offset: number, length: number): Promise<Uint8Array> {
    using file = await Deno.open(this.#path);
    await file.seek(offset, Deno.SeekMode.Start);
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const count = await file.read(bytes.subarray(filled));
      if (count === null) {
        const action = `read "${this.#path}"`;
        throw new FileError("it became shorter while it was read", { action, path: this.#path });
      }
      filled += count;
    }
    return bytes;
  }
}
