import { type CdfRecord, int4 } from "./cdf_record.ts";

/** Attributes by name, each with one text. */
export type CdfTexts = Readonly<Record<string, string>>;

/** An attribute with its texts: of the whole file (entry 0 alone), or of variables (entry number = variable number). */
interface Attribute {
  readonly name: string;
  readonly scope: "global" | "variable";
  readonly entries: readonly (readonly [number: number, text: string])[];
}

const CDF_CHAR = 51;

/** An attribute entry (AgrEDR of the file, AzEDR of a variable): one text (CDF internal format description 3.x). */
function entryRecord(
  options: {
    attribute: Attribute;
    attributeNumber: number;
    entry: Attribute["entries"][number];
    next: CdfRecord | undefined;
  },
): CdfRecord {
  const { attribute, attributeNumber, entry: [number, text], next } = options;
  // No value may be empty: writers put a blank for "nothing".
  const bytes = new TextEncoder().encode(text === "" ? " " : text);
  const strings = attribute.scope === "global" ? 0 : 1;
  return {
    type: attribute.scope === "global" ? 5 : 9,
    fields: [
      { link: next },
      ...int4(attributeNumber, CDF_CHAR, number, bytes.length, strings),
      // Reserved.
      ...int4(0, 0, -1, -1),
      { bytes },
    ],
  };
}

/** An attribute (ADR), from which its entries hang as a list. */
function attributeRecord(options: { attribute: Attribute; number: number; next: CdfRecord | undefined }): CdfRecord {
  const { attribute, number, next } = options;
  const { name, scope, entries } = attribute;
  const head = entries.reduceRight<CdfRecord | undefined>(
    (next, entry) => entryRecord({ attribute, attributeNumber: number, entry, next }),
    undefined,
  );
  // How many entries there are, and the highest of their numbers.
  const counts = int4(entries.length, Math.max(...entries.map(([entryNumber]) => entryNumber)));
  const none = int4(0, -1);
  const isGlobal = scope === "global";
  return {
    type: 4,
    fields: [
      { link: next },
      { link: isGlobal ? head : undefined },
      ...int4(isGlobal ? 1 : 2, number),
      ...(isGlobal ? counts : none),
      // Reserved.
      { int4: 0 },
      { link: isGlobal ? undefined : head },
      ...(isGlobal ? none : counts),
      // Reserved.
      { int4: -1 },
      { text: name, length: 256 },
    ],
  };
}

/** The list of all attributes: those of the file, then those of its variables, in the order of the variables. */
export function attributeRecords(
  options: { global: CdfTexts; ofVariables: readonly CdfTexts[] },
): { head: CdfRecord | undefined; count: number } {
  const { global, ofVariables } = options;
  const names = new Set(ofVariables.flatMap((texts) => Object.keys(texts)));
  const attributes: Attribute[] = [
    ...Object.entries(global).map(([name, text]) => ({ name, scope: "global", entries: [[0, text]] } as const)),
    ...[...names].map((name) => ({
      name,
      scope: "variable" as const,
      entries: ofVariables.flatMap((texts, number) => {
        const text = texts[name];
        return text === undefined ? [] : [[number, text] as const];
      }),
    })),
  ];
  const head = attributes.reduceRight<CdfRecord | undefined>(
    (next, attribute, number) => attributeRecord({ attribute, number, next }),
    undefined,
  );
  return { head, count: attributes.length };
}
