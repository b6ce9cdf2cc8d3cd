// Tables of what is in a file: its variables, one of them, its packets, or its first lines.
import { counted } from "./records.ts";
import type { Cdf, CdfAttributeValue } from "../cdf/cdf.ts";
import type { ApidSummary, ChainBreak, PacketSummary } from "../ccsds/packets.ts";
import type { DatasetValues, DatasetVariable } from "../dataset/istp_file.ts";
import type { FileContent } from "../dataset/open_file.ts";
import type { Column, Table } from "../display/table.ts";
import { dateOfMissionSeconds } from "../names/fields.ts";

/** What a CDF file says about itself as a whole. */
export interface DatasetFacts {
  /** The name of the file. */
  readonly name: string;
  /** The product (Logical_source). */
  readonly product: string | undefined;
  /** The version (Data_version), as the file spells it. */
  readonly version: string | undefined;
  /** The files that it was made from (Parents). */
  readonly parents: readonly string[];
  /** The first and the last time, in milliseconds since 1970-01-01 UTC. */
  readonly timeSpan: readonly [first: number, last: number] | undefined;
  /** Of several files, the one whose shapes are shown. */
  readonly sample?: string | undefined;
}

function column<Row>(header: string, text: (row: Row) => string, more: Partial<Column<Row>> = {}): Column<Row> {
  return { header, align: "left", text, ...more };
}

/** Formats a time, in milliseconds since 1970-01-01 UTC; empty if it is missing. Milliseconds are left out if they are 0. */
export function utcText(time: number): string {
  return Number.isNaN(time) ? "" : new Date(time).toISOString().replace(/\.000Z$/, "Z");
}

/** `608 × 4`; `1` for a single value. */
function shapeText(shape: readonly number[]): string {
  return shape.length === 0 ? "1" : shape.join(" × ");
}

/** Formats a value of a variable; empty if it is missing. */
export function valueText(value: number | string | undefined, isTime = false): string {
  if (typeof value === "string") return value;
  if (value === undefined || Number.isNaN(value)) return "";
  return isTime ? utcText(value) : String(value);
}

/** Formats the value of an attribute in a line. */
function attributeText(value: CdfAttributeValue): string {
  const values: readonly (string | number | bigint)[] = typeof value === "object" ? value : [value];
  return values.map(String).join(", ");
}

function spanText([first, last]: readonly [number, number]): string {
  return `${utcText(first)} to ${utcText(last)}`;
}

/** Describes a file in a line: product, version, times, parents. */
function factsText({ product, version, timeSpan, parents, sample }: DatasetFacts): string {
  return [
    product,
    version === undefined ? undefined : `version ${version.replace(/^v/i, "")}`,
    timeSpan === undefined ? undefined : spanText(timeSpan),
    parents.length === 0
      ? undefined
      : `made from ${parents.length === 1 ? parents[0] : counted(parents.length, "file")}`,
    sample === undefined ? undefined : `shapes of ${sample}`,
  ].filter((fact) => fact !== undefined).join(" · ");
}

/** Creates the table of a file's variables, data first. */
export function variablesTable(facts: DatasetFacts, variables: readonly DatasetVariable[]): Table<DatasetVariable> {
  return {
    title: `${facts.name}: ${counted(variables.length, "variable")}`,
    note: factsText(facts),
    columns: [
      column("Variable", ({ name }) => name, { isName: true }),
      column("Shape", ({ shape }) => shapeText(shape), { align: "right" }),
      column("Type", ({ type }) => type, { yields: 2 }),
      column("Units", ({ units = "" }) => units),
      column("Role", ({ role = "" }) => role, { yields: 1 }),
      column("Description", ({ description = "" }) => description),
    ],
    rows: variables,
  };
}

/** A property of a variable and its value. */
export type Property = readonly [name: string, value: string];

/** How many first values of a variable are shown. */
const FIRST_VALUES = 8;

/** The least and the greatest of the values that are not missing, in a loop: the arguments of a call are limited. */
function rangeOf(values: Float64Array): readonly [least: number, greatest: number] | undefined {
  let [least, greatest] = [Infinity, -Infinity];
  for (const value of values) {
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  return least <= greatest ? [least, greatest] : undefined;
}

/** Describes the values of a variable: range, missing and doubtful values, and the first ones. */
export function valueProperties(variable: DatasetVariable, read: DatasetValues): Property[] {
  const { values, missing, outside } = read;
  const isTime = variable.timeType !== undefined;
  const range = values instanceof Float64Array ? rangeOf(values) : undefined;
  const first = Array.from<number | string, string>(
    values.slice(0, FIRST_VALUES),
    (value) => valueText(value, isTime) || "missing",
  );
  const share = (count: number) => `${count} of ${values.length} (${(100 * count / values.length).toFixed(1)} %)`;
  return [
    ...(range === undefined ? [] : [["Range", range.map((value) => valueText(value, isTime)).join(" to ")] as const]),
    ...(missing === 0 ? [] : [["Missing (fill or pad)", share(missing)] as const]),
    ...(outside === 0 ? [] : [["Outside VALIDMIN to VALIDMAX", share(outside)] as const]),
    ...(values.length === 0 ? [["Records", "none"] as const] : []),
    ["First values", `${first.join(", ")}${values.length > FIRST_VALUES ? ", ..." : ""}`],
  ];
}

/** Creates the table of a variable: what its values are, then its attributes. */
export function variableTable(
  file: string,
  variable: DatasetVariable,
  { properties, units }: { readonly properties: readonly Property[]; readonly units: string | undefined },
): Table<Property> {
  const { name, type, shape, attributes, description } = variable;
  const attributeRows = Object.entries(attributes).map(([key, value]): Property => [key, attributeText(value)]);
  return {
    title: `${name}: ${shapeText(shape)} ${type}${units === undefined ? "" : `, ${units}`}`,
    subtitle: description ?? "",
    note: file,
    columns: [column("", ([key]) => key), column("Value", ([, value]) => value)],
    rows: [...properties, ...attributeRows],
  };
}

function packetTime(seconds: number | undefined): string {
  return seconds === undefined ? "" : utcText(dateOfMissionSeconds(seconds).getTime());
}

/** Says where a chain of packets breaks. */
function chainBreakText({ offset, reason, remaining, found, announced }: ChainBreak): string {
  const where = `the last ${counted(remaining, "byte")}, from byte ${offset} on,`;
  if (reason === "version") {
    return `${where} are not space packets: they begin with ${
      found.subarray(0, 8).toHex().replace(/(..)(?!$)/g, "$1 ")
    }`;
  }
  return announced === undefined
    ? `${where} are the cut header of a packet`
    : `${where} are a cut packet of ${counted(announced, "byte")}`;
}

/** Creates the table of the packets of a file by APID. */
export function packetsTable(name: string, { packets, apids, chainBreak }: PacketSummary): Table<ApidSummary> {
  const number = (header: string, value: (summary: ApidSummary) => number) =>
    column<ApidSummary>(header, (summary) => String(value(summary)), { align: "right" });
  return {
    title: `${name}: ${counted(packets, "packet")} of ${counted(apids.length, "APID")}`,
    ...(chainBreak === undefined ? {} : { note: chainBreakText(chainBreak) }),
    columns: [
      number("APID", ({ apid }) => apid),
      number("Packets", ({ packets }) => packets),
      number("Bytes", ({ bytes }) => bytes),
      number("Missing", ({ missing }) => missing),
      number("Gaps", ({ gapCount }) => gapCount),
      column("Earliest", ({ minTime }) => packetTime(minTime)),
      column("Latest", ({ maxTime }) => packetTime(maxTime)),
    ],
    rows: apids,
  };
}

/** Creates the table of a file that is neither CDF nor packets: its first lines if it is a text. */
export function otherTable(
  name: string,
  content: Extract<FileContent, { kind: "text" | "other" }>,
): Table<readonly [line: number, text: string]> {
  if (content.kind === "other") {
    return { title: `${name}: ${content.format}, which cannot be looked into`, columns: [], rows: [] };
  }
  const { lines, isCut, format } = content;
  return {
    title: `${name}: ${format}`,
    ...(isCut && lines.length > 0 ? { note: `the first ${counted(lines.length, "line")}` } : {}),
    columns: [column("Line", ([line]) => String(line), { align: "right" }), column("Text", ([, text]) => text)],
    rows: lines.map((text, index) => [index + 1, text] as const),
  };
}

/** Creates the table of the global attributes of a CDF file: a row for each of their values. */
export function attributesTable(attributes: Cdf["attributes"]): Table<Property> {
  const rows = Object.entries(attributes).flatMap(([name, values]) =>
    values.map((value, index): Property => [index === 0 ? name : "", attributeText(value)])
  );
  return {
    title: counted(Object.keys(attributes).length, "global attribute"),
    columns: [column("Attribute", ([name]) => name), column("Value", ([, value]) => value)],
    rows,
  };
}
