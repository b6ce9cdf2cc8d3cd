/** What a query may ask for, under the SDC's own names (SDC protocol, `GET /query`). Conditions add up. */
export interface QueryParameters {
  /** Which table to search. Default, and for now the only one: `science`. */
  table?: string | undefined;
  /** For instance `mag`. */
  instrument?: string | undefined;
  /** For instance `l1a`. */
  data_level?: string | undefined;
  /** The product's name, for instance `hist`. */
  descriptor?: string | undefined;
  /** Files whose data start on this day or later, YYYYMMDD. */
  start_date?: string | undefined;
  /** Files whose data start on this day or earlier, YYYYMMDD. */
  end_date?: string | undefined;
  /** Files that came into the archive on this day or later, YYYYMMDD, UTC. */
  ingestion_start_date?: string | undefined;
  /** Files that came into the archive on this day or earlier, YYYYMMDD, UTC. */
  ingestion_end_date?: string | undefined;
  /** A repointing: its number, or `repoint00012`. */
  repointing?: number | string | undefined;
  /** `v001`, `v001.0002`, or `latest` for the newest version of each file. */
  version?: string | undefined;
  /** The version's major number. */
  major_version?: number | string | undefined;
  /** The version's minor number. */
  minor_version?: number | string | undefined;
  /** `cdf` or `pkts`. */
  extension?: string | undefined;
}

/** The name of a query's parameter. */
export type QueryParameterName = keyof QueryParameters;

/** Every parameter that a query may have on the wire; `latest` stands for `version: "latest"`. */
export const WIRE_PARAMETERS = [
  "table",
  "instrument",
  "data_level",
  "descriptor",
  "start_date",
  "end_date",
  "ingestion_start_date",
  "ingestion_end_date",
  "repointing",
  "version",
  "major_version",
  "minor_version",
  "extension",
  "latest",
] as const;

/** The name of a parameter on the wire. */
export type WireParameter = typeof WIRE_PARAMETERS[number];

/** A query as it crosses the wire: text alone, checked. */
export type WireQuery = Partial<Record<WireParameter, string>>;

/** Whether a word names a parameter of `GET /query`. */
export function isWireParameter(word: string): word is WireParameter {
  return (WIRE_PARAMETERS as readonly string[]).includes(word);
}
