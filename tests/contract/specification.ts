// Reads an OpenAPI document, as far as the tests need.

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Whether a value is a JSON object. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function object(value: unknown): JsonObject {
  if (!isObject(value)) throw new TypeError(`${JSON.stringify(value)} is not an object`);
  return value;
}

/** A parameter of an operation. */
export interface Parameter {
  readonly name: string;
  readonly schema: JsonObject;
}

/** An OpenAPI document. */
export class Specification {
  readonly #root: JsonObject;

  constructor(root: unknown) {
    this.#root = object(root);
  }

  /** Follows a reference, if it is one. */
  resolve(value: unknown): JsonObject {
    const found = object(value);
    if (typeof found.$ref !== "string") return found;
    const steps = found.$ref.replace("#/", "").split("/");
    return object(steps.reduce<unknown>((place, step) => object(place)[step], this.#root));
  }

  version(): string {
    return String(object(this.#root.info).version);
  }

  servers(): string[] {
    const { servers } = this.#root;
    return Array.isArray(servers) ? servers.map((server) => String(object(server).url)) : [];
  }

  paths(): string[] {
    return Object.keys(object(this.#root.paths));
  }

  /** Every operation: `GET /query`. */
  operations(): string[] {
    return this.paths().flatMap((path) =>
      Object.keys(object(object(this.#root.paths)[path])).map((method) => `${method.toUpperCase()} ${path}`)
    );
  }

  #operation(operation: string): JsonObject {
    const [method = "", path = ""] = operation.split(" ");
    return object(object(object(this.#root.paths)[path])[method.toLowerCase()]);
  }

  parameters(operation: string): Parameter[] {
    const { parameters = [] } = this.#operation(operation);
    return (Array.isArray(parameters) ? parameters : []).map((parameter) => ({
      name: String(object(parameter).name),
      schema: this.resolve(object(parameter).schema),
    }));
  }

  statuses(operation: string): string[] {
    return Object.keys(object(this.#operation(operation).responses));
  }

  /** The content of a response, by its type; undefined if the document does not describe it. */
  response(operation: string, status: number): JsonObject | undefined {
    const response = object(this.#operation(operation).responses)[String(status)];
    return response === undefined ? undefined : object(this.resolve(response).content ?? {});
  }
}

function typeOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return Number.isInteger(value) ? "integer" : typeof value;
}

/** How a value differs from its schema. Supports only the keywords of JSON Schema that the document uses. */
export function conforms(specification: Specification, given: unknown, value: unknown, at = "$"): string[] {
  const schema = specification.resolve(given);
  if (Array.isArray(schema.oneOf)) {
    const fits = schema.oneOf.filter((one) => conforms(specification, one, value, at).length === 0);
    return fits.length === 1 ? [] : [`${at} fits ${fits.length} of the schemas`];
  }
  const types = [schema.type].flat();
  // A whole number is a number too.
  const isNumber = typeof value === "number" && types.includes("number");
  if (!isNumber && !types.includes(typeOf(value))) return [`${at} is ${typeOf(value)}, not ${types.join(" or ")}`];
  const problems: string[] = [];
  if (typeof value === "string" && typeof schema.pattern === "string" && !new RegExp(schema.pattern).test(value)) {
    problems.push(`${at} is "${value}"`);
  }
  if ("const" in schema && schema.const !== value) problems.push(`${at} is not ${schema.const}`);
  if (Array.isArray(schema.enum) && !schema.enum.includes(value)) problems.push(`${at} is not in the enum`);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) {
      problems.push(...conforms(specification, schema.items, item, `${at}[${index}]`));
    }
  }
  if (!isObject(value)) return problems;
  const properties = isObject(schema.properties) ? schema.properties : {};
  const required: readonly unknown[] = Array.isArray(schema.required) ? schema.required : [];
  problems.push(...required.filter((key) => !(String(key) in value)).map((key) => `${at} lacks ${key}`));
  for (const [key, item] of Object.entries(value)) {
    if (key in properties) problems.push(...conforms(specification, properties[key], item, `${at}.${key}`));
    else if (schema.additionalProperties === false) problems.push(`${at} has ${key}`);
  }
  return problems;
}
