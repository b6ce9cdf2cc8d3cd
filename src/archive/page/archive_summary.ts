import { FILE_KINDS } from "../../names/file_name.ts";
import type { Catalogue } from "../catalogue.ts";
import { jsonRow } from "../tables/json_row.ts";

/** What the archive has, in numbers. */
export interface ArchiveSummary {
  /** How many files of each kind, most first. */
  readonly kinds: readonly Count[];
  /** How many science files of each instrument and level. */
  readonly products: readonly ProductCount[];
  /** The names of products, for the reader to choose from: some, when there are very many. */
  readonly descriptors: readonly string[];
  /** JSON of the rows of the files that came in last. */
  readonly newest: string;
}

/** How many there are of something. */
export interface Count {
  /** Of what. */
  readonly name: string;
  /** How many. */
  readonly files: number;
}

/** How many science files an instrument has at a level. */
export interface ProductCount {
  /** For instance `mag`. */
  readonly instrument: string;
  /** For instance `l1a`. */
  readonly level: string;
  /** How many. */
  readonly files: number;
}

const NEWEST = 10;
const MOST_DESCRIPTORS = 500;

const KINDS = "SELECT table_name AS name, count(*) AS files FROM files GROUP BY table_name ORDER BY files DESC";
const PRODUCTS = `SELECT instrument, data_level, count(*) AS files FROM files WHERE table_name = 'science'
  GROUP BY instrument, data_level`;
const DESCRIPTORS = `SELECT DISTINCT descriptor FROM files WHERE table_name = 'science' ORDER BY descriptor LIMIT ?`;
const NEWEST_ROW = jsonRow(["file_path", "ingestion_date"], { kind: "table_name" });
/** The newest of each kind, found by an index; the newest of all are among them. */
const NEWEST_OF_EACH = FILE_KINDS.map((kind) =>
  `SELECT * FROM (SELECT file_path, table_name, ingestion_date FROM files WHERE table_name = '${kind}'
    ORDER BY ingestion_date DESC, file_path LIMIT ${NEWEST})`
).join(" UNION ALL ");
const LAST_IN = `SELECT ${NEWEST_ROW} AS row FROM (${NEWEST_OF_EACH}) ORDER BY ingestion_date DESC, file_path
  LIMIT ${NEWEST}`;

/** Counts what the archive has; each count is read from an index alone. */
export function summarise(catalogue: Catalogue): ArchiveSummary {
  return {
    kinds: catalogue.rows(KINDS).map(({ name, files }) => ({ name: String(name), files: Number(files) })),
    products: catalogue.rows(PRODUCTS).map(({ instrument, data_level, files }) => ({
      instrument: String(instrument),
      level: String(data_level),
      files: Number(files),
    })),
    descriptors: catalogue.rows(DESCRIPTORS, [MOST_DESCRIPTORS]).map(({ descriptor }) => String(descriptor)),
    newest: catalogue.query({ sql: LAST_IN, values: [] }, null)?.toString() ?? "[]",
  };
}
