import {
  ANCILLARY_PARAMETERS,
  REPOINT_TABLE_PARAMETERS,
  SCIENCE_PARAMETERS,
  SPICE_PARAMETERS,
} from "../protocol/route_parameters.ts";
import type { Catalogue } from "./catalogue.ts";
import { badGateway, badRequest } from "./gateway.ts";
import { ANCILLARY_TABLE } from "./tables/ancillary_table.ts";
import type { ArchiveTable } from "./tables/archive_table.ts";
import { REPOINT_TABLE } from "./tables/repoint_table.ts";
import { SCIENCE_TABLE } from "./tables/science_table.ts";
import { SPICE_TABLE } from "./tables/spice_table.ts";
import { conditionsOf, tableStatement } from "./tables/table_statement.ts";

/** A table, and how the SDC's code behind its route takes what is wrong. */
interface Asked {
  readonly table: ArchiveTable;
  /** What it is called in messages. */
  readonly name: string;
  readonly parameters: readonly string[];
  /** The code behind `GET /query` crashes on a date that no calendar has; the newer one says so. */
  readonly crashes: boolean;
}

const SCIENCE: Asked = { table: SCIENCE_TABLE, name: "science", parameters: SCIENCE_PARAMETERS, crashes: true };
const ANCILLARY: Asked = {
  table: ANCILLARY_TABLE,
  name: "ancillary",
  parameters: ANCILLARY_PARAMETERS,
  crashes: true,
};
const SPICE: Asked = { table: SPICE_TABLE, name: "spice", parameters: SPICE_PARAMETERS, crashes: false };
const REPOINT: Asked = {
  table: REPOINT_TABLE,
  name: "repoint-table",
  parameters: REPOINT_TABLE_PARAMETERS,
  crashes: false,
};

/** What a request for rows is answered from. */
export interface TableRequest {
  /** What the archive has. */
  readonly catalogue: Catalogue;
  /** The query of the address; of a parameter that is given twice the last one counts. */
  readonly search: URLSearchParams;
  /** How long the answer may be, in bytes, or null. */
  readonly byteLimit: number | null;
}

function answer(asked: Asked, { catalogue, search, byteLimit }: TableRequest): Response {
  if (search.size === 0) return badGateway();
  const { table, name, parameters, crashes } = asked;
  const given = new Map(search);
  for (const parameter of given.keys()) {
    if (parameters.includes(parameter)) continue;
    return badRequest(`${parameter} is not a parameter of the table ${name}; valid ones are ${parameters.join(", ")}`);
  }
  const conditions = conditionsOf(table, given);
  if ("bad" in conditions) {
    return crashes ? badGateway() : badRequest(`Invalid value for ${conditions.bad}: ${given.get(conditions.bad)}`);
  }
  const latest = given.get("latest")?.toLowerCase() === "true";
  const rows = catalogue.query(tableStatement(table, conditions, latest), byteLimit);
  return rows?.toResponse({ "content-type": "application/json" }) ?? badGateway();
}

/**
 * Answers `GET /query` (SDC protocol): 200 with rows, 400 with a JSON string, or the gateway's 502 where the SDC's own
 * code crashes, which is without any parameter, with a date that no calendar has and with an answer over the limit.
 */
export function answerQuery(request: TableRequest): Response {
  const name = request.search.getAll("table").at(-1) ?? "science";
  if (name === "science") return answer(SCIENCE, request);
  if (name === "ancillary") return answer(ANCILLARY, request);
  const place = name === "spice" ? "; SPICE files are found by /spice-query" : "";
  return badRequest(`${name} is not a table of /query; valid ones are science, ancillary${place}`);
}

/** Answers `GET /spice-query` (SDC protocol). */
export function answerSpiceQuery(request: TableRequest): Response {
  return answer(SPICE, request);
}

/** Answers `GET /repoint-table` (Python client 1.3.0). */
export function answerRepointTable(request: TableRequest): Response {
  return answer(REPOINT, request);
}
