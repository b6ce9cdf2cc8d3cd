// Checks responses of /hapi/info as HAPI 3.3 describes them (HAPI-data-access-spec-3.3.1, sections 3.6.2 to 3.6.13).

/** What is wrong with a response; nothing if it is valid. */
export function problemsOfInfo(info: unknown): string[] {
  return new InfoCheck().run(info);
}

/** The members of an object that are allowed beside those that begin with `x_`, and whether each is required. */
type Members = Readonly<Record<string, boolean>>;

const INFO: Members = {
  HAPI: true,
  status: true,
  format: false,
  parameters: true,
  startDate: true,
  stopDate: true,
  timeStampLocation: false,
  cadence: false,
  sampleStartDate: false,
  sampleStopDate: false,
  maxRequestDuration: false,
  description: false,
  unitsSchema: false,
  coordinateSystemSchema: false,
  location: false,
  geoLocation: false,
  resourceURL: false,
  resourceID: false,
  creationDate: false,
  citation: false,
  datasetCitation: false,
  licenseURL: false,
  provenance: false,
  modificationDate: false,
  contact: false,
  contactID: false,
  additionalMetadata: false,
  note: false,
  warning: false,
};
const PARAMETER: Members = {
  name: true,
  type: true,
  length: false,
  size: false,
  units: true,
  fill: true,
  description: false,
  label: false,
  stringType: false,
  coordinateSystemName: false,
  vectorComponents: false,
  bins: false,
};
const BINS: Members = { name: true, centers: false, ranges: false, units: true, label: false, description: false };
const TYPES = ["string", "double", "integer", "isotime"];
const DATE = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;
const DURATION = /^P(?=.)(\d+Y)?(\d+M)?(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?$/;

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.trim() !== "";
}

class InfoCheck {
  readonly #problems: string[] = [];

  run(info: unknown): string[] {
    if (!isObject(info)) return ["it is no object"];
    this.#members("info", info, INFO);
    this.#expect("HAPI", info.HAPI === "3.3");
    this.#expect("status", isObject(info.status) && info.status.code === 1200 && isText(info.status.message));
    for (const name of ["startDate", "stopDate", "sampleStartDate", "sampleStopDate", "modificationDate"]) {
      this.#expect(name, info[name] === undefined || DATE.test(String(info[name])));
    }
    this.#expect("startDate before stopDate", String(info.startDate) < String(info.stopDate));
    this.#expect("sampleStartDate with sampleStopDate", "sampleStartDate" in info === "sampleStopDate" in info);
    this.#expect("cadence", info.cadence === undefined || DURATION.test(String(info.cadence)));
    this.#expect("description", info.description === undefined || isText(info.description));
    this.#expect(
      "timeStampLocation",
      info.timeStampLocation === undefined ||
        ["begin", "center", "end", "other"].includes(String(info.timeStampLocation)),
    );
    const parameters: unknown[] = Array.isArray(info.parameters) ? info.parameters : [];
    this.#expect("parameters", parameters.length > 0);
    const names = parameters.map((parameter) => isObject(parameter) ? String(parameter.name).toLowerCase() : "");
    this.#expect("different names", new Set(names).size === names.length);
    parameters.forEach((parameter, index) => this.#parameter(parameter, index === 0, parameters));
    return this.#problems;
  }

  #expect(what: string, holds: boolean): void {
    if (!holds) this.#problems.push(what);
  }

  #members(what: string, value: Record<string, unknown>, members: Members): void {
    for (const name of Object.keys(value)) this.#expect(`${what}: ${name}`, name in members || name.startsWith("x_"));
    for (const [name, isRequired] of Object.entries(members)) {
      this.#expect(`${what}: ${name} is missing`, !isRequired || name in value);
    }
  }

  #parameter(parameter: unknown, isFirst: boolean, all: readonly unknown[]): void {
    if (!isObject(parameter)) return this.#expect("a parameter is no object", false);
    const { name, type, length, size, units, fill, description, label, bins } = parameter;
    const what = String(name);
    this.#members(what, parameter, PARAMETER);
    this.#expect(`${what}: name`, isText(name) && !name.includes(","));
    this.#expect(`${what}: type`, TYPES.includes(String(type)));
    const isWide = type === "string" || type === "isotime";
    this.#expect(`${what}: length`, isWide ? Number.isInteger(length) && Number(length) > 0 : length === undefined);
    const sizes: unknown[] = Array.isArray(size) ? size : [];
    this.#expect(`${what}: size`, size === undefined || sizes.length > 0);
    this.#expect(`${what}: size`, sizes.every((one) => Number.isInteger(one) && Number(one) > 0));
    this.#expect(`${what}: units`, units === null || this.#isTextOrArray(units, sizes));
    this.#expect(`${what}: label`, label === undefined || this.#isTextOrArray(label, sizes));
    this.#expect(`${what}: description`, description === undefined || isText(description));
    this.#expect(`${what}: fill`, fill === null || typeof fill === "string");
    if (type === "isotime") this.#expect(`${what}: units of times`, units === "UTC");
    if (type === "isotime" && !isFirst) this.#expect(`${what}: fill of times`, String(fill).length === length);
    if (type === "integer") this.#expect(`${what}: fill`, fill === null || (Number(fill) | 0) === Number(fill));
    if (type === "double") {
      this.#expect(`${what}: fill`, fill === null || fill === "NaN" || Number.isFinite(Number(fill)));
    }
    if (isFirst) this.#expect(`${what}: the first one`, type === "isotime" && fill === null && size === undefined);
    if (bins === undefined) return;
    this.#expect(`${what}: bins`, Array.isArray(bins) && bins.length === sizes.length);
    (Array.isArray(bins) ? bins : []).forEach((bin, index) => this.#bins(what, bin, sizes[index], all));
  }

  #isTextOrArray(value: unknown, sizes: readonly unknown[]): boolean {
    if (!Array.isArray(value)) return isText(value);
    return sizes.length === 1 && value.length === sizes[0] && value.every(isText);
  }

  #bins(what: string, bins: unknown, size: unknown, all: readonly unknown[]): void {
    if (!isObject(bins)) return this.#expect(`${what}: bins`, false);
    this.#members(`${what}: bins`, bins, BINS);
    const { name, units, centers } = bins;
    this.#expect(`${what}: bins`, isText(name) && isText(units));
    if (centers === null) return;
    if (typeof centers === "string") {
      const named = all.find((parameter) => isObject(parameter) && parameter.name === centers);
      return this.#expect(
        `${what}: centers`,
        isObject(named) && Array.isArray(named.size) && named.size.length === 1 && named.size[0] === size,
      );
    }
    this.#expect(
      `${what}: centers`,
      Array.isArray(centers) && centers.length === size && centers.every(Number.isFinite),
    );
  }
}
