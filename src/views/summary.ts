import type { Counts } from "./summary_chart.ts";
import { plainTable } from "../display/html_table.ts";
import { Picture } from "../display/picture.ts";
import { type Table, textTable } from "../display/text_table.ts";
import { DATA_LEVELS, isDataLevel } from "../names/vocabulary.ts";
import type { FileRecord } from "../protocol/rows.ts";
import { askedText, counted, type ResultContext, rowLabel } from "./records.ts";

/** A chart with more rows or columns is unreadable. */
const MAX_ROWS = 30;
const MAX_LEVELS = 30;

function placeOf(level: string): number {
  return isDataLevel(level) ? DATA_LEVELS.indexOf(level) : DATA_LEVELS.length;
}

/** Counts files by instrument and level. */
function countsOf(records: readonly FileRecord[]): Counts {
  const counts = new Map<string, number>();
  const [instruments, levels] = [new Set<string>(), new Set<string>()];
  const key = (instrument = "", level = "") => `${instrument}\n${level}`;
  for (const record of records) {
    const [instrument, level] = [rowLabel.instrument(record), rowLabel.level(record)];
    instruments.add(instrument);
    levels.add(level);
    for (const to of [key(instrument, level), key(instrument), key("", level), key()]) {
      counts.set(to, (counts.get(to) ?? 0) + 1);
    }
  }
  return {
    files: records.length,
    instruments: [...instruments].sort().slice(0, MAX_ROWS),
    levels: [...levels].sort().sort((a, b) => placeOf(a) - placeOf(b)).slice(0, MAX_LEVELS),
    more: Math.max(0, instruments.size - MAX_ROWS) + Math.max(0, levels.size - MAX_LEVELS),
    count: ({ instrument, level }) => counts.get(key(instrument, level)) ?? 0,
  };
}

/** Says what the chart shows, in a line. */
function summaryTitle({ files, more }: Counts): string {
  const title = `${counted(files, "file")} by instrument and data level`;
  if (more === 0) return title;
  return `${title}; ${more === 1 ? "1 more row or column is" : `${more} more rows and columns are`} not drawn`;
}

/** The heading of the sums. */
const ALL = "all";

/** Formats a number; 0 becomes a dot, so that the other numbers stand out. */
function countText(count: number): string {
  return count === 0 ? "·" : String(count);
}

/** A row of the table: an instrument, or undefined for the sums. */
type Row = string | undefined;

/** Makes a table of the number of files by instrument and level. */
function summaryTable(counts: Counts): Table<Row> {
  const { instruments, levels, count } = counts;
  const number = (header: string, of: (instrument: Row) => number) => ({
    header,
    align: "right" as const,
    text: (instrument: Row) => countText(of(instrument)),
  });
  return {
    title: summaryTitle(counts),
    columns: [
      { header: "Instrument", align: "left", text: (instrument: Row) => instrument ?? ALL },
      ...levels.map((level) => number(level, (instrument) => count({ instrument, level }))),
      number(ALL, (instrument) => count({ instrument })),
    ],
    rows: instruments.length === 0 ? [] : [...instruments, undefined],
  };
}

/** Makes a chart of the number of files by instrument and level. */
export function summaryPicture(records: readonly FileRecord[], { asked }: Pick<ResultContext, "asked"> = {}): Picture {
  const counts = countsOf(records);
  const table = summaryTable(counts);
  // Queries do not load what only charts need.
  const load = async () => {
    const [{ summaryChart }, display] = await Promise.all([
      import("./summary_chart.ts"),
      import("../display/chart.ts"),
    ]);
    const chart = summaryChart(counts, {
      title: summaryTitle(counts),
      asked: askedText(asked),
      all: ALL,
      countText,
    });
    return { chart, ...display };
  };
  return new Picture({
    text: () => textTable(table),
    svg: async () => {
      const { chart, chartSvg } = await load();
      return chartSvg(chart);
    },
    html: async () => {
      const { chart, chartHtml } = await load();
      return chartHtml(chart, plainTable({ ...table, subtitle: chart.subtitle }));
    },
  });
}
