// Reads the records of variables for other programs: exactly, and in little memory.
import {
  type CdfArray,
  type CdfTime,
  type CdfTimeType,
  type CdfType,
  timesToMilliseconds,
  timeToIso,
} from "../cdf/cdf.ts";
import { InputError, shown } from "../errors.ts";
import type { DatasetVariable, IstpFile, TimeSpan } from "./istp_file.ts";

/** A value as the file stores it; a missing one is undefined. */
export type StoredValue = string | number | bigint | CdfTime | undefined;

/** A column: a variable, or one element of a vector. */
export interface ExportedColumn {
  /** The name of the variable, and the label of the element: `vectors[x]`. */
  readonly name: string;
  readonly type: CdfType;
  /** The type of its values if they are times. */
  readonly timeType: CdfTimeType | undefined;
}

/** Consecutive records. */
export interface ExportedRecords {
  readonly count: number;
  /** Returns the value of a record in a column, both by their numbers. */
  readonly at: (record: number, column: number) => StoredValue;
}

/** Records of variables as rows. */
export interface RecordExport {
  readonly columns: readonly ExportedColumn[];
  /** Reads the records, some at a time. */
  readonly chunks: () => AsyncGenerator<ExportedRecords>;
}

/** Returns a time as a text in UTC (ISO 8601) with all of its digits; other values, and missing ones, are unchanged. */
export function withTimeAsText(value: StoredValue, { timeType }: ExportedColumn): string | number | bigint | undefined {
  if (timeType === undefined || typeof value === "string") return typeof value === "object" ? undefined : value;
  return value === undefined ? undefined : timeToIso(value);
}

/** A variable that is exported, and how its values are read. */
interface ExportedVariable {
  readonly variable: DatasetVariable;
  /** The number of its elements in a record. */
  readonly size: number;
  readonly labels: readonly string[];
  readonly at: (values: CdfArray, index: number) => StoredValue;
}

/** A line with more columns is of no use to other programs. */
const MAX_COLUMNS = 20_000;
/** How many values are read at once. */
const VALUES_AT_ONCE = 16 * 1024;

function timeAt(values: CdfArray, index: number, type: CdfTimeType): CdfTime | undefined {
  if (type === "EPOCH16") return [Number(values[2 * index]), Number(values[2 * index + 1])];
  const time = values[index];
  return typeof time === "string" ? undefined : time;
}

async function exportedVariable(file: IstpFile, variable: DatasetVariable): Promise<ExportedVariable> {
  const { timeType, dimensions } = variable;
  const size = dimensions.reduce((product, { size }) => product * size, 1);
  if (size > MAX_COLUMNS) {
    throw new InputError(
      `Cannot export "${shown(variable.name)}": its records have ${size} values; a row has at most ${MAX_COLUMNS}`,
    );
  }
  const labels = await file.elementLabels(dimensions, MAX_COLUMNS);
  const isMissing = file.missingTest(variable);
  const at = (values: CdfArray, index: number): StoredValue => {
    if (timeType !== undefined) return timeAt(values, index, timeType);
    const value = values[index];
    if (typeof value === "string") return value.trimEnd() || undefined;
    return value === undefined || isMissing(value) ? undefined : value;
  };
  return { variable, size, labels, at };
}

/** Chooses what is exported if no variables are named: the data, otherwise all that varies, with the times of most. */
function usualNames(file: IstpFile): string[] {
  const time = file.timeVariable?.name;
  const varying = file.variables.filter(({ varies }) => varies);
  const values = varying.filter(({ timeType }) => timeType === undefined);
  const withTime = values.filter((variable) => file.timeOf(variable)?.name === time);
  // Without times: the variables with as many records as the first one; in a file that has only times, the times.
  const others = values.filter(({ shape }) => shape[0] === values[0]?.shape[0]);
  const members = [withTime, others, varying.slice(0, 1)].find(({ length }) => length > 0) ?? [];
  const data = members.filter(({ role }) => role === "data");
  return (data.length > 0 ? data : members).map(({ name }) => name);
}

/** The numbers of the records that belong to a span; undefined for all of them. */
function selected(
  values: CdfArray | undefined,
  type: CdfTimeType | undefined,
  { from, to }: TimeSpan,
): number[] | undefined {
  if (values === undefined || type === undefined || (from === undefined && to === undefined)) return undefined;
  const kept: number[] = [];
  timesToMilliseconds(values, type).forEach((time, record) => {
    if (time >= (from ?? -Infinity) && time < (to ?? Infinity)) kept.push(record);
  });
  return kept;
}

/**
 * Prepares to read records of variables as rows. The times of the records are the first column, whether or not they are named.
 *
 * @param names The names of the variables; the data of the file if there are none.
 * @param span Which times to read (default: all).
 * @throws {InputError} If the file does not have a variable, or if the variables do not have the same records.
 */
export async function exportRecords(file: IstpFile, names: readonly string[], span: TimeSpan): Promise<RecordExport> {
  const named = (names.length > 0 ? [...new Set(names)] : usualNames(file)).map((name) => file.variable(name));
  const [first] = named;
  if (first === undefined) throw new InputError("Cannot export: the file has no variables with records");
  const time = first.timeType === undefined ? file.timeOf(first)?.name : undefined;
  const variables = time === undefined || named.some(({ name }) => name === time)
    ? named
    : [file.variable(time), ...named];
  const recordsOf = ({ name, varies }: DatasetVariable) => varies ? file.cdf.variable(name).records : undefined;
  for (const variable of variables) {
    if (!variable.varies) {
      throw new InputError(`Cannot export "${shown(variable.name)}": it has no records, but one value for all of them`);
    }
    const [records, expected] = [recordsOf(variable), recordsOf(first)];
    if (records !== expected) {
      throw new InputError(
        `Cannot export "${shown(first.name)}" and "${
          shown(variable.name)
        }": they have ${expected} and ${records} records; ` +
          "export each on its own",
      );
    }
  }
  const timeVariable = variables.find(({ name, timeType, dimensions }) =>
    timeType !== undefined && dimensions.length === 0 && (time === undefined || name === time)
  );
  if (timeVariable === undefined && (span.from !== undefined || span.to !== undefined)) {
    throw new InputError(`Cannot export times of "${shown(first.name)}": it has no times`);
  }
  const exported = await Promise.all(variables.map((variable) => exportedVariable(file, variable)));
  const columns = exported.flatMap(({ variable: { name, type, timeType }, labels }) =>
    labels.map((label): ExportedColumn => ({ name: `${name}${label}`, type, timeType }))
  );
  const total = columns.length;
  if (total > MAX_COLUMNS) throw new InputError(`Cannot export ${total} columns: a row has at most ${MAX_COLUMNS}`);
  const places = exported.flatMap(({ size, at }, index) =>
    Array.from({ length: size }, (_, element) => ({ index, size, element, at }))
  );
  const records = Math.max(1, Math.floor(VALUES_AT_ONCE / Math.max(1, total)));
  return {
    columns,
    async *chunks() {
      // Only what is needed is read, as far as that is known without the times.
      const range = timeVariable === undefined || (span.from === undefined && span.to === undefined)
        ? {}
        : await file.range(timeVariable.name, span);
      const chunks = exported.map(({ variable }) => file.cdf.chunks(variable.name, { ...range, records }));
      try {
        for (;;) {
          const read = await Promise.all(chunks.map(async (chunk) => await chunk.next()));
          const values = read.map(({ value }) => value?.values ?? []);
          const [head] = read;
          if (head === undefined || head.done === true) return;
          const count = head.value.end - head.value.start;
          const kept = selected(
            values[timeVariable === undefined ? -1 : variables.indexOf(timeVariable)],
            timeVariable?.timeType,
            span,
          );
          yield {
            count: kept?.length ?? count,
            at(record, column) {
              const place = places[column];
              if (place === undefined) return undefined;
              const { index, size, element, at } = place;
              return at(values[index] ?? [], (kept?.[record] ?? record) * size + element);
            },
          };
        }
      } finally {
        // Closes the file for each variable.
        for (const chunk of chunks) await chunk.return(undefined);
      }
    },
  };
}
