// An archive whose files, ingestion dates and clock a test decides. It chooses among major versions as the SDC does.
import { ImapClient, type ImapClientOptions } from "../../mod.ts";
import { type TestFolder, testFolder } from "../support/folder.ts";
import { md5Tag } from "../support/object_store_bytes.ts";

/** A file of the archive. */
interface HeldFile {
  readonly text: string;
  /** `YYYY-MM-DD HH:MM:SS`. */
  readonly ingested: string;
  /** When queries find it, in milliseconds since 1970. */
  readonly listedAt: number;
}

/** A running fake archive, and a data directory. */
export interface FakeArchive extends AsyncDisposable {
  readonly url: string;
  readonly folder: TestFolder;
  /** The paths of all requests to the API, with their queries. */
  readonly requests: string[];
  /** The current time of the archive, in milliseconds since 1970. */
  now: number;
  /** How far its `Date` header is ahead of its time, in milliseconds. */
  dateAhead: number;
  /** What responds in its place, if anything. */
  instead: ((request: Request) => Response | undefined | Promise<Response | undefined>) | undefined;
  /** Adds a file of MAG, or delivers it again. Returns its archive path. */
  put(name: string, text?: string, more?: { readonly lateMs?: number }): string;
  /** Removes a file. */
  remove(name: string): void;
  /** A client with the data directory. */
  client(options?: ImapClientOptions): ImapClient;
  /** Reads a file of the data directory; undefined if there is none. */
  read(path: string): Promise<string | undefined>;
}

/** `imap_mag_l2_norm_20260101_v001.0001.cdf`. */
export function nameOf(day: number, version = "v001.0001"): string {
  const date = new Date(Date.UTC(2026, 0, 1 + day)).toISOString().slice(0, 10).replaceAll("-", "");
  return `imap_mag_l2_norm_${date}_${version}.cdf`;
}

function pathOf(name: string): string {
  const [, year, month] = /_(\d{4})(\d\d)\d\d_v/.exec(name) ?? [];
  return `imap/mag/l2/${year}/${month}/${name}`;
}

function momentOf(time: number): string {
  return new Date(time).toISOString().slice(0, 19).replace("T", " ");
}

/** Starts an archive without files. */
export async function openFakeArchive(): Promise<FakeArchive> {
  const folder = await testFolder();
  const files = new Map<string, HeldFile>();
  const requests: string[] = [];

  const rowsOf = (query: URLSearchParams) => {
    const day = query.get("ingestion_start_date") ?? "";
    const from = day === "" ? "" : `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`;
    const found = [...files].filter(([, { ingested, listedAt }]) => ingested >= from && listedAt <= archive.now);
    const rows = found.map(([file_path, { ingested }]) => {
      const [, start_date, major, minor] = /_(\d{8})_v(\d{3})\.(\d{4})\.cdf$/.exec(file_path) ?? [];
      return {
        file_path,
        instrument: "mag",
        data_level: "l2",
        descriptor: "norm",
        start_date,
        version: `v${major}.${minor}`,
        major_version: Number(major),
        minor_version: Number(minor),
        extension: "cdf",
        ingestion_date: ingested.replace(/^(\d{4})-(\d\d)-(\d\d)/, "$1$2$3"),
      };
    });
    const newest = new Map<string, number>();
    for (const { start_date = "", major_version } of rows) {
      newest.set(start_date, Math.max(newest.get(start_date) ?? 0, major_version));
    }
    return rows.filter(({ start_date = "", major_version }) => major_version === newest.get(start_date))
      .sort((a, b) => a.file_path < b.file_path ? -1 : 1);
  };

  const answer = async (request: Request): Promise<Response> => {
    const { pathname, searchParams, origin, search } = new URL(request.url);
    if (!pathname.startsWith("/objects/")) requests.push(pathname + search);
    const other = await archive.instead?.(request);
    if (other !== undefined) return other;
    const headers = { date: new Date(archive.now + archive.dateAhead).toUTCString() };
    if (pathname === "/query") return Response.json(rowsOf(searchParams), { headers });
    const path = pathname.replace(/^\/(download|objects)\//, "");
    const file = files.get(path);
    if (file === undefined) return new Response("File not found", { status: 404, headers });
    if (pathname.startsWith("/download/")) {
      return new Response(null, {
        status: 302,
        headers: { ...headers, location: `${origin}/objects/${path}?signature=x` },
      });
    }
    const bytes = new TextEncoder().encode(file.text);
    const etag = md5Tag(bytes);
    if (request.headers.get("range") !== "bytes=0-0") {
      return new Response(bytes, { headers: { etag, "content-length": String(bytes.length) } });
    }
    const range = { etag, "content-range": `bytes 0-0/${bytes.length}` };
    return new Response(bytes.subarray(0, 1), { status: 206, headers: range });
  };
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, answer);

  const archive: FakeArchive = {
    url: `http://127.0.0.1:${server.addr.port}`,
    folder,
    requests,
    now: Date.UTC(2026, 5, 1, 12),
    dateAhead: 0,
    instead: undefined,
    put: (name, text = name, { lateMs = 0 } = {}) => {
      const path = pathOf(name);
      files.set(path, { text, ingested: momentOf(archive.now), listedAt: archive.now + lateMs });
      return path;
    },
    remove: (name) => void files.delete(pathOf(name)),
    client: (options = {}) =>
      new ImapClient({ url: archive.url, dataDir: folder.path, retries: 0, random: () => 0, ...options }),
    read: (path) => Deno.readTextFile(`${folder.path}/${path}`).catch(() => undefined),
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      await folder[Symbol.asyncDispose]();
    },
  };
  return archive;
}
