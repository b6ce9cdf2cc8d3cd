// Reads the records of variables for other programs: exactly, and in little memory.
import { type CdfArray, type CdfTimeType, timesToMilliseconds, timeToIso } from "../cdf/cdf.ts";
import { InputError } from "../errors.ts";
import { shown } from "../safe_text.ts";
import type { DatasetVariable, IstpFile, TimeSpan } from "./istp_file.ts";

/** A value: times are texts in UTC (ISO 8601), missing values are undefined. Integers of 64 bits keep their digits. */
export type ExportedValue = string | number | bigint | undefined;

/** Records of variables as rows. */
export interface RecordExport {
  /** The names of the columns: each element of a vector is a column of its own, `vectors[x]`. */
  readonly columns: readonly string[];
  /** Reads the rows, some at a time. */
  readonly rows: () => AsyncGenerator<ExportedValue[][]>;
}

/** A variable that is exported, and how its values are read. */
interface ExportedVariable {
  readonly variable: DatasetVariable;
  /** The number of its elements in a record. */
  readonly size: number;
  readonly labels: readonly string[];
  readonly at: (values: CdfArray, index: number) => ExportedValue;
}

/** A line with more columns is of no use to other programs. */
const MAX_COLUMNS = 20_000;
/** How many values are read at once. */
const VALUES_AT_ONCE = 16 * 1024;

function timeAt(values: CdfArray, index: number, type: CdfTimeType): ExportedValue {
  if (type === "EPOCH16") return timeToIso([Number(values[2 * index]), Number(values[2 * index + 1])]);
  const time = values[index];
  return typeof time === "bigint" || typeof time === "number" ? timeToIso(time) : undefined;
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
  const at = (values: CdfArray, index: number): ExportedValue => {
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
  const members = file.variables.filter((variable) => variable.varies && variable.time === time);
  const data = members.filter(({ role }) => role === "data");
  return (data.length > 0 ? data : members).map(({ name }) => name);
}

/** Which records belong to a span; undefined for all of them. */
function selected(
  values: CdfArray | undefined,
  type: CdfTimeType | undefined,
  { from, to }: TimeSpan,
): boolean[] | undefined {
  if (values === undefined || type === undefined || (from === undefined && to === undefined)) return undefined;
  const times = timesToMilliseconds(values, type);
  return Array.from(times, (time) => time >= (from ?? -Infinity) && time < (to ?? Infinity));
}

/**
 * Prepares to read records of variables as rows. The times of the records are the first column, whether or not they are named.
 *
 * @param names The names of the variables; the data of the file if there are none.
 * @param span Which times to read (default: all).
 * @throws {InputError} If the file does not have a variable, or if the variables do not have the same records.
 */
export async function exportRecords(file: IstpFile, names: readonly string[], span: TimeSpan): Promise<RecordExport> {
  const named = (names.length > 0 ? names : usualNames(file)).map((name) => file.variable(name));
  const [first] = named;
  if (first === undefined) throw new InputError("Cannot export: the file has no variables with records");
  const time = first.timeType === undefined ? first.time : undefined;
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
  const timeVariable = variables.find(({ name, timeType }) =>
    timeType !== undefined && (time === undefined || name === time)
  );
  if (timeVariable === undefined && (span.from !== undefined || span.to !== undefined)) {
    throw new InputError(`Cannot export times of "${shown(first.name)}": it has no times`);
  }
  const exported = await Promise.all(variables.map((variable) => exportedVariable(file, variable)));
  const total = exported.reduce((sum, { size }) => sum + size, 0);
  if (total > MAX_COLUMNS) throw new InputError(`Cannot export ${total} columns: a row has at most ${MAX_COLUMNS}`);
  const records = Math.max(1, Math.floor(VALUES_AT_ONCE / Math.max(1, total)));
  return {
    columns: exported.flatMap(({ variable, labels }) => labels.map((label) => `${variable.name}${label}`)),
    async *rows() {
      const chunks = exported.map(({ variable }) => file.cdf.chunks(variable.name, { records }));
      try {
        for (;;) {
          const read = await Promise.all(chunks.map(async (chunk) => await chunk.next()));
          const values = read.map(({ value }) => value?.values);
          const [head] = read;
          if (head === undefined || head.done === true) return;
          const kept = selected(
            values[timeVariable === undefined ? -1 : variables.indexOf(timeVariable)],
            timeVariable?.timeType,
            span,
          );
          const rows: ExportedValue[][] = [];
          for (let record = 0; record < head.value.end - head.value.start; record++) {
            if (kept?.[record] === false) continue;
            const row: ExportedValue[] = [];
            for (const [index, { size, at }] of exported.entries()) {
              const own = values[index] ?? [];
              for (let element = 0; element < size; element++) row.push(at(own, record * size + element));
            }
            rows.push(row);
          }
          yield rows;
        }
      } finally {
        // Closes the file for each variable.
        for (const chunk of chunks) await chunk.return(undefined);
      }
    },
  };
}
