import { FILE_KINDS } from "../../names/file_name.ts";
import type { ArchiveSummary } from "./archive_summary.ts";
import type { PageFilter } from "./page_filter.ts";
import { html } from "./page_parts.ts";

/** The fields that are texts; `page` begins anew with another search. */
type Field = Exclude<keyof PageFilter, "page">;

function option(value: string, text: string, chosen: string): string {
  return `<option value="${html(value)}"${value === chosen ? " selected" : ""}>${html(text)}</option>`;
}

function select(label: string, name: Field, filter: PageFilter, values: readonly string[]): string {
  const chosen = filter[name];
  const known = values.includes(chosen) || chosen === "" ? values : [chosen, ...values];
  const all = name === "kind" ? "" : option("", "any", chosen);
  const options = all + known.map((value) => option(value, value, chosen)).join("");
  return `<label>${label}<select name="${name}">${options}</select></label>`;
}

function input(label: string, name: Field, filter: PageFilter, attributes: string): string {
  return `<label>${label}<input name="${name}" value="${html(filter[name])}" ${attributes}></label>`;
}

/** The form that filters the files: a plain GET, with what there is to choose from. */
export function filterForm(filter: PageFilter, { products, descriptors }: ArchiveSummary): string {
  const instruments = [...new Set(products.map(({ instrument }) => instrument))].sort();
  const levels = [...new Set(products.map(({ level }) => level))].sort();
  const known = descriptors.map((descriptor) => `<option value="${html(descriptor)}"></option>`).join("");
  return [
    `<form method="get" action="/#files" role="search" aria-label="Files">`,
    select("Kind", "kind", filter, FILE_KINDS),
    select("Instrument", "instrument", filter, instruments),
    select("Level", "data_level", filter, levels),
    input("Descriptor", "descriptor", filter, `list="descriptors" autocomplete="off"`),
    `<datalist id="descriptors">${known}</datalist>`,
    input("Data from", "from", filter, `type="date"`),
    input("Data to", "to", filter, `type="date"`),
    `<button>Show files</button>`,
    "</form>",
  ].join("\n");
}
