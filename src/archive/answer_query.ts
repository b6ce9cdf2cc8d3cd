import { isWireParameter, WIRE_PARAMETERS, type WireQuery } from "../protocol/query_parameters.ts";
import type { Catalogue } from "./catalogue.ts";
import { badGateway, jsonResponse } from "./gateway.ts";
import { queryStatement } from "./query_statement.ts";

/** The tables that a query may name; so far the catalogue has science files alone. */
const TABLES = ["science", "ancillary", "spice"];

function refusal(problem: string): Response {
  return jsonResponse(problem, 400);
}

/**
 * Answers `GET /query` (SDC protocol): 200 with rows, 400 with a JSON string, or the gateway's 502 where the SDC's own
 * code crashes, which is without any parameter, with a date that no calendar has and with an answer over the limit.
 *
 * @param byteLimit How long the answer may be, or null.
 */
export function answerQuery(catalogue: Catalogue, parameters: URLSearchParams, byteLimit: number | null): Response {
  if (parameters.size === 0) return badGateway();
  const query: WireQuery = {};
  for (const [name, value] of parameters) {
    if (!isWireParameter(name)) {
      return refusal(`${name} is not a parameter of a query; valid ones are ${WIRE_PARAMETERS.join(", ")}`);
    }
    query[name] = value; // Of a parameter that is given twice the last one counts.
  }
  if (query.table !== undefined && !TABLES.includes(query.table)) {
    return refusal(`${query.table} is not a table; valid ones are ${TABLES.join(", ")}`);
  }
  const statement = queryStatement(query);
  const body = statement === undefined ? undefined : catalogue.query(statement, byteLimit);
  if (body === undefined) return badGateway();
  return new Response(body, { headers: { "content-type": "application/json" } });
}
