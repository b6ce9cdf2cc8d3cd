// The archive's API as an OpenAPI document, from the tables of the protocol: `deno task docs` writes openapi.json.
import { DATA_LEVELS, INSTRUMENTS, SPICE_TYPES } from "../src/names/fields.ts";
import { type Column, type Parameter, RELEASE_TYPES, SDC_TABLES, type SdcTableName } from "../src/protocol/tables.ts";
import { VERSION } from "../src/version.ts";
import { fromFileUrl } from "@std/path";

/** Where the document is kept. */
export const OPENAPI = fromFileUrl(new URL("openapi.json", import.meta.url));

type Json = Readonly<Record<string, unknown>>;

const ref = (place: string): Json => ({ $ref: `#/components/${place}` });
const schemaRef = (name: string): Json => ref(`schemas/${name}`);
const content = (type: string, schema: Json): Json => ({ content: { [type]: { schema } } });
const TEXT = { type: "string" };
/** A handler that names no content type is labeled as text by the gateway, whatever it sends. */
const UNTYPED = "text/plain";
const JSON_TYPE = "application/json";

/** A day of the calendar: months of 31 and of 30 days, February, and the 29th of February of leap years. */
const DAY_PATTERN = [
  "^(?:(?:0[1-9]|[1-9]\\d)\\d{2}(?:(?:0[13578]|1[02])(?:0[1-9]|[12]\\d|3[01])",
  "(?:0[469]|11)(?:0[1-9]|[12]\\d|30)",
  "02(?:0[1-9]|1\\d|2[0-8]))",
  "(?:(?:0[1-9]|[1-9]\\d)(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00)0229)$",
].join("|");

/** The values of `table` that the archive serves; the SDC crashes on `spice` as soon as anything matches. */
const QUERY_TABLES = ["science", "ancillary", "quicklook"] as const;
const [SCIENCE_EXTENSIONS, ANCILLARY_EXTENSIONS, QUICKLOOK_EXTENSIONS] = QUERY_TABLES.map((table) =>
  SDC_TABLES[table].extensions
);

/** What a parameter's value must look like. */
function parameterSchema({ kind }: Parameter): Json {
  switch (kind) {
    case "day":
      return schemaRef("Day");
    case "seconds":
      return { type: "number" };
    case "integer":
      return { type: "integer" };
    case "flag":
      return { type: "boolean" };
    case "version":
      return { type: "string", examples: ["v001", "v001.0002"] };
    case "table":
      return { type: "string", enum: QUERY_TABLES, default: "science" };
    case "instrument":
      return { type: "string", enum: INSTRUMENTS };
    case "data level":
      return { type: "string", enum: DATA_LEVELS };
    case "extension":
      return {
        type: "string",
        enum: [...new Set([...SCIENCE_EXTENSIONS ?? [], ...ANCILLARY_EXTENSIONS ?? [], ...QUICKLOOK_EXTENSIONS ?? []])],
      };
    case "SPICE type":
      // Of an unknown type there are no rows.
      return { anyOf: [{ enum: ["kernels", ...SPICE_TYPES] }, TEXT] };
    case "moment":
    case "text":
    case "path":
    case "file name":
      return TEXT;
  }
}

/** `true`, in any case; every other text is false. */
const FLAG = { type: "string", examples: ["true"] };

/** Parameters for which the server accepts more, or less, than values of that kind. */
function schemaOf(table: SdcTableName, name: string, parameter: Parameter): Json {
  if (name === "latest") return FLAG;
  // A repoint file has no start.
  if (table === "repoint" && name === "start_date") return TEXT;
  const bounds = { limit: { minimum: 1 }, offset: { minimum: 0 } }[name];
  return { ...parameterSchema(parameter), ...bounds };
}

/** The parameters of some tables that share a route. What only some of them have is marked. */
function queryParameters(tables: readonly SdcTableName[]): Json[] {
  const all = new Map<string, { parameter: Parameter; tables: string[] }>();
  for (const table of tables) {
    for (const [name, parameter] of Object.entries<Parameter>(SDC_TABLES[table].parameters)) {
      const known = all.get(name);
      if (known === undefined) all.set(name, { parameter, tables: [table] });
      else known.tables.push(table);
    }
  }
  return [...all].map(([name, { parameter, tables: having }]) => ({
    name,
    in: "query",
    description: having.length === tables.length ? parameter.help : `${parameter.help} Tables: ${having.join(", ")}.`,
    schema: schemaOf(tables[0] ?? "science", name, parameter),
  }));
}

/** Moments on the wire: product and ancillary files have one form, SPICE files the other. */
type Moment = "Moment" | "CommaMoment";

function columnSchema({ type, form, nullable }: Column, moment: Moment): Json {
  if (form !== undefined && !nullable) return schemaRef(form === "day" ? "Day" : moment);
  const names = { text: "string", integer: "integer", number: "number", boolean: "boolean", json: "array" };
  const items = type === "json" ? { items: schemaRef("Interval") } : {};
  return { type: nullable ? [names[type], "null"] : names[type], ...items };
}

function rowSchema(table: SdcTableName, moment: Moment): Json {
  const columns = Object.entries<Column>(SDC_TABLES[table].columns);
  return {
    type: "object",
    required: columns.map(([name]) => name),
    properties: Object.fromEntries(columns.map(([name, column]) => [name, columnSchema(column, moment)])),
    additionalProperties: false,
  };
}

const ROWS = {
  ProductRow: rowSchema("science", "Moment"),
  AncillaryRow: rowSchema("ancillary", "Moment"),
  KernelRow: rowSchema("spice", "CommaMoment"),
  SpanRow: rowSchema("spin", "CommaMoment"),
  RepointRow: rowSchema("repoint", "CommaMoment"),
};

function rows(...names: readonly (keyof typeof ROWS)[]): Json {
  const [first, ...more] = names.map(schemaRef);
  return {
    description: "The rows of the files that meet all conditions.",
    ...content(JSON_TYPE, { type: "array", items: more.length === 0 ? first : { oneOf: [first, ...more] } }),
  };
}

const gateway = (description: string): Json => ({ description, ...content(JSON_TYPE, schemaRef("Message")) });

const problem = (type: string): Json => ({
  description: "A parameter is unknown or has a wrong value: a JSON string says which.",
  ...content(type, TEXT),
});

/** What every route may respond. */
const GATEWAY = { "401": ref("responses/Unauthorized"), "403": ref("responses/Forbidden") };
const CRASH = { "500": ref("responses/Crash") };
/** Routes that change something are only below `/api-key` in a public archive, as in production. */
const NO_SUCH_ROUTE = { "404": ref("responses/NoSuchRoute") };

/** A route that lists the files of a table of spin, repoint or small-forces files. */
function spanTable(table: SdcTableName, row: keyof typeof ROWS, summary: string, description: string): Json {
  return {
    get: {
      operationId: `${table}Table`,
      tags: ["tables"],
      summary,
      description: `${description} Without parameters, all rows. Release does not count.`,
      parameters: queryParameters([table]),
      responses: { "200": rows(row), "400": problem(JSON_TYPE), ...GATEWAY, ...CRASH },
    },
  };
}

const FILE_PATH = {
  name: "file_path",
  in: "path",
  required: true,
  description: "The full path in the archive, with its slashes; a bare name is not found.",
  schema: TEXT,
  example: "imap/swe/l0/2024/01/imap_swe_l0_sci_20240105_v001.pkts",
};

const html = (description: string): Json => ({ description, ...content("text/html", TEXT) });

const DOWNLOAD_RESPONSES = {
  "302": {
    ...html('The presigned URL, in `Location` and as JSON: `{"download_url": ...}`. It is valid for a day.'),
    headers: {
      location: { description: "The presigned URL to GET.", required: true, schema: { type: "string", format: "uri" } },
    },
  },
  "400": html("No path was given."),
  "401": GATEWAY["401"],
  "403": {
    description: "Without a prefix: the file is not part of a public release yet. With one: the key is wrong.",
    content: {
      "text/html": { schema: TEXT },
      [JSON_TYPE]: { schema: schemaRef("Message") },
    },
  },
  "404": html("The archive has no file under this path."),
  ...CRASH,
};

/** HEAD responds as GET does, without a body. */
function headResponses(responses: Readonly<Record<string, Json>>): Json {
  return Object.fromEntries(
    Object.entries(responses).map(([status, response]) => {
      const { description, headers } = response;
      const withoutBody = { description: description ?? "As for GET.", ...(headers === undefined ? {} : { headers }) };
      return [status, "$ref" in response ? { description: "As for GET." } : withoutBody];
    }),
  );
}

const day = (name: string, description: string, required = false): Json => ({
  name,
  in: "query",
  description,
  required,
  schema: schemaRef("Day"),
});
const text = (name: string, description: string, schema: Json = TEXT, required = false): Json => ({
  name,
  in: "query",
  description,
  required,
  schema,
});

/** TDB seconds since J2000, or a day: any other text is a crash. */
const TIME = { type: "string", pattern: "^-?\\d+(\\.\\d+)?$", examples: ["20260101", "820454469.184"] };

const STATUS = { type: "string", enum: ["INPROGRESS", "SUCCEEDED", "FAILED"] };
const NULLABLE_TEXT = { type: ["string", "null"] };

/** The columns of a job, and whether jobs are searched by them. */
const JOB_COLUMNS: Readonly<Record<string, Json>> = {
  job_command: TEXT,
  status: STATUS,
  instrument: NULLABLE_TEXT,
  data_level: NULLABLE_TEXT,
  descriptor: NULLABLE_TEXT,
  start_date: NULLABLE_TEXT,
  major_version: { type: "integer" },
  minor_version: { type: "integer" },
  repointing: { type: ["integer", "null"] },
  dependency_hash: NULLABLE_TEXT,
  job_definition: NULLABLE_TEXT,
  job_log_stream_id: NULLABLE_TEXT,
  container_image: NULLABLE_TEXT,
  container_image_digest: NULLABLE_TEXT,
  started_at: NULLABLE_TEXT,
  stopped_at: NULLABLE_TEXT,
};

const moments = { type: "string", format: "date-time" };
const JOB_FILTERS = [
  text("status", "The state.", STATUS),
  text("instrument", "The instrument.", { type: "string", enum: INSTRUMENTS }),
  text("data_level", "The data level.", { type: "string", enum: DATA_LEVELS }),
  text("descriptor", "The product's name."),
  day("start_date", "The first day."),
  text("major_version", "The major version of what is made.", { type: "integer" }),
  text("minor_version", "The minor version of what is made.", { type: "integer" }),
  text("repointing", "The repointing.", { type: "integer" }),
  ...["dependency_hash", "job_definition", "job_log_stream_id", "container_image", "container_image_digest"].map((
    name,
  ) => text(name, "As in the row.")),
  text("container_command", "The command that the container ran; rows have it as `job_command`."),
  text("started_at", "When it started.", moments),
  text("stopped_at", "When it stopped.", moments),
];

const PATHS: Json = {
  "/query": {
    get: {
      operationId: "query",
      tags: ["tables"],
      summary: "Science, ancillary and quicklook files",
      description: "All conditions must hold; at least one parameter is required. If a parameter is given twice, the " +
        "last value counts. Rows are sorted by path. Of science files without a `major_version`, the newest major " +
        "version of each file is found. A response of more than 6 MiB cannot leave the archive: 500. " +
        "Anything may follow the path: `/query/x` is `/query`.",
      parameters: queryParameters(QUERY_TABLES),
      responses: { "200": rows("ProductRow", "AncillaryRow"), "400": problem(UNTYPED), ...GATEWAY, ...CRASH },
    },
  },
  "/spice-query": {
    get: {
      operationId: "spiceQuery",
      tags: ["tables"],
      summary: "SPICE files",
      description:
        "At least one parameter is required. The archive derives the coverage of kernels from their names; " +
        "it is 2010 to 2145 where a name has no days. `type=spin`, `repoint` and `thruster` answer with " +
        "the rows of the tables below, and take their parameters. Release does not count.",
      parameters: queryParameters(["spice"]),
      responses: {
        "200": rows("KernelRow", "SpanRow", "RepointRow"),
        "400": problem(JSON_TYPE),
        ...GATEWAY,
        ...CRASH,
      },
    },
  },
  "/spin-table": spanTable("spin", "SpanRow", "Spin files", "Files that are completely within the requested days."),
  "/repoint-table": spanTable(
    "repoint",
    "RepointRow",
    "Repoint files",
    "They are cumulative: the newest has all repointings. `start_date` is ignored.",
  ),
  "/small-forces-table": spanTable(
    "thruster",
    "SpanRow",
    "Small-forces files",
    "Thruster firings. Files that are completely within the requested days.",
  ),
  "/metakernel": {
    get: {
      operationId: "metakernel",
      tags: ["tables"],
      summary: "The kernels that cover a time, as a SPICE metakernel",
      description: "Kernels are in the order in which SPICE loads them. Without a start or an end, 2010 and 2145.",
      parameters: [
        text("start_time", "The start: TDB seconds since J2000, or a day, YYYYMMDD.", TIME),
        text("end_time", "The end, in the same forms.", TIME),
        text("file_types", "Types of kernels, separated by commas; unknown ones are ignored. Default: all.", {
          type: "string",
          examples: ["leapseconds,spacecraft_clock"],
        }),
        text("list_files", "`true` for a JSON array of bare names instead of a metakernel.", FLAG),
        text(
          "require_coverage",
          "`true` to get the gaps instead, if there are any. Categories that `file_types` leaves out count as gaps.",
          FLAG,
        ),
        text("spice_path", "A folder that is put before each path."),
      ],
      responses: {
        "200": {
          description: "The text of a `.tm` file, also when nothing was found; with `list_files`, bare names.",
          ...content(UNTYPED, { oneOf: [TEXT, { type: "array", items: TEXT }] }),
        },
        "404": { description: "With `list_files`: no kernel was found.", ...content(UNTYPED, TEXT) },
        "422": {
          description: "With `require_coverage`: the gaps of each category, in TDB seconds since J2000.",
          ...content(UNTYPED, {
            type: "object",
            additionalProperties: { type: "array", items: schemaRef("Interval") },
          }),
        },
        ...GATEWAY,
        ...CRASH,
      },
    },
  },
  "/download/{file_path}": {
    get: {
      operationId: "download",
      tags: ["files"],
      summary: "The presigned URL of a file",
      description: "Credentials must not be sent to that URL. In a public archive, paths without a prefix serve " +
        "released files and SPICE files; quicklook, dependency and release files need a key.",
      parameters: [FILE_PATH],
      responses: DOWNLOAD_RESPONSES,
    },
    head: {
      operationId: "downloadHead",
      tags: ["files"],
      summary: "Whether there is a file",
      parameters: [FILE_PATH],
      responses: headResponses(DOWNLOAD_RESPONSES),
    },
  },
  "/upload/{file_name}": {
    get: {
      operationId: "upload",
      tags: ["files"],
      summary: "The presigned URL to upload a file to",
      description:
        "It is valid for an hour, and reserves nothing. PUT the bytes there with a Content-Length, an empty " +
        "Content-Type and no credentials. The signature covers `x-amz-tagging`: without `manually_reprocessed` the " +
        "PUT has no such header.",
      parameters: [
        {
          name: "file_name",
          in: "path",
          required: true,
          description: "The name, which decides the path; folders before it do not count.",
          schema: TEXT,
          example: "imap_swe_l0_sci_20240105_v001.0001.pkts",
        },
        text(
          "manually_reprocessed",
          "Tags the object; the PUT then needs `x-amz-tagging: manually_reprocessed=true`.",
          {
            type: "boolean",
          },
        ),
      ],
      responses: {
        "200": {
          description: "The presigned URL, as a JSON string.",
          ...content(UNTYPED, { type: "string", format: "uri" }),
        },
        "400": {
          description: "The name does not follow the SDC's convention: a JSON string.",
          ...content(UNTYPED, TEXT),
        },
        "409": {
          description: "The archive has a file of that name.",
          ...content(UNTYPED, {
            type: "object",
            required: ["error", "message"],
            properties: { error: { const: "FileAlreadyExists", type: "string" }, message: TEXT },
            additionalProperties: false,
          }),
        },
        ...GATEWAY,
        ...NO_SUCH_ROUTE,
        ...CRASH,
      },
    },
  },
  "/reprocess": {
    post: {
      operationId: "reprocess",
      tags: ["orders"],
      summary: "Have products made again",
      description: "The SDC checks nothing and queues the order. The archive writes it down and makes nothing.",
      parameters: [
        day("start_date", "The first day.", true),
        day("end_date", "The last day.", true),
        text("instrument", "The instrument.", { type: "string", enum: INSTRUMENTS }),
        text("data_level", "The data level; clients send it with instrument and descriptor.", {
          type: "string",
          enum: DATA_LEVELS,
        }),
        text("descriptor", "The product's name; clients send it with the instrument."),
        text("reprocessing", "Clients send it.", { type: "string", const: "True" }),
      ],
      responses: {
        "200": {
          description: "The order is queued.",
          ...content(UNTYPED, {
            type: "object",
            required: ["message", "reprocess_id"],
            properties: { message: TEXT, reprocess_id: TEXT },
            additionalProperties: false,
          }),
        },
        ...GATEWAY,
        ...NO_SUCH_ROUTE,
        ...CRASH,
      },
    },
  },
  "/release": {
    get: {
      operationId: "release",
      tags: ["orders"],
      summary: "Release files to the public",
      description: "The manifest is uploaded before. Its name gives the days, " +
        "`imap_<instrument>_data-release-<number>_<start>_<end>_<version>.txt`, and its lines give the products: " +
        "`instrument, data_type, descriptor, true|false`.",
      parameters: [
        text("release_type", "`release` alone is supported.", { type: "string", enum: RELEASE_TYPES }, true),
        text("manifest_file", "The bare name of the manifest.", {
          type: "string",
          minLength: 1,
          examples: ["imap_hit_data-release-001_20260101_20260131_v001.txt"],
        }, true),
      ],
      responses: {
        "200": {
          description: "The files are released, also if there are none: a JSON string.",
          ...content(UNTYPED, TEXT),
        },
        "400": problem(UNTYPED),
        "501": { description: "`early-release` and `unrelease` are not supported.", ...content(UNTYPED, TEXT) },
        ...GATEWAY,
        ...NO_SUCH_ROUTE,
        ...CRASH,
      },
    },
  },
  "/processing-jobs": {
    get: {
      operationId: "processingJobs",
      tags: ["orders"],
      summary: "The state of orders to reprocess",
      description:
        "The newest 500 that match, the newest first. The archive runs nothing: an order to reprocess is a " +
        "job that succeeded.",
      parameters: JOB_FILTERS,
      responses: {
        "200": {
          description: "The jobs.",
          ...content(UNTYPED, { type: "array", items: schemaRef("Job") }),
        },
        "400": {
          description: "A parameter is unknown, or `start_date` is no day.",
          ...content(UNTYPED, schemaRef("Problem")),
        },
        ...GATEWAY,
        ...CRASH,
      },
    },
  },
  "/processing-logs/{any}": {
    get: {
      operationId: "processingLogs",
      tags: ["orders"],
      summary: "The log of a job",
      description: "The rest of the path is ignored.",
      parameters: [
        {
          name: "any",
          in: "path",
          required: true,
          description: "Anything.",
          schema: { type: "string", minLength: 1 },
          example: "job",
        },
        text("job_log_stream_id", "The job's `job_log_stream_id`.", { type: "string", minLength: 1 }, true),
      ],
      responses: {
        "200": { description: "The lines of the log.", ...content(UNTYPED, TEXT) },
        "400": { description: "There is no `job_log_stream_id`.", ...content(UNTYPED, TEXT) },
        ...GATEWAY,
        "500": {
          description: "The code behind the gateway crashed, or there is no such log.",
          content: {
            [UNTYPED]: { schema: schemaRef("Problem") },
            [JSON_TYPE]: { schema: schemaRef("Message") },
          },
        },
      },
    },
  },
  "/ops/imap/poda/dap2/apids/SID1/apid_{apid}.{form}": {
    get: {
      operationId: "packets",
      tags: ["webpoda"],
      summary: "Packets of an APID, or their times",
      description: "The query string is a DAP2 expression, not a list of parameters: for `bin`, " +
        "`time>=FROM&time<TO&project(packet)` (or `ert`); for `txt`, " +
        "`ert>=FROM&ert<TO&project(time)&formatTime(\"yyyy-MM-dd'T'HH:mm:ss\")` (or `time`), with moments such as " +
        "2024-12-01T00:00:00.000000. The packets are those of the archive's newest level 0 files; their Earth received " +
        "time (`ert`) is the ingestion date of the file. Not below `/api-key` or `/authorized`.",
      security: [{ user: [] }],
      parameters: [
        {
          name: "apid",
          in: "path",
          required: true,
          description: "The application process identifier.",
          schema: { type: "integer", minimum: 0, maximum: 2047 },
        },
        {
          name: "form",
          in: "path",
          required: true,
          description: "The packets themselves, or one line with the time of each, which ends in CR LF.",
          schema: { type: "string", enum: ["bin", "txt"] },
        },
      ],
      responses: {
        "200": {
          description: "The packets, concatenated, or their times.",
          content: { "application/octet-stream": {}, "text/plain": { schema: TEXT } },
        },
        "400": { description: "The expression cannot be read.", ...content("text/plain", TEXT) },
        "401": { description: "The request has no user and password.", ...content("text/plain", TEXT) },
        "404": gateway("There is no such APID or form."),
        ...CRASH,
      },
    },
  },
  "/": {
    get: {
      operationId: "frontPage",
      tags: ["people"],
      summary: "The front page",
      description: "For requests that accept `text/html`. All others are redirected to the SDC's page, as by the SDC.",
      security: [{}, { user: [] }],
      parameters: [
        text("kind", "The kind of file to list.", { type: "string", default: "science" }),
        text("instrument", "Files of this instrument."),
        text("data_level", "Files of this data level."),
        text("descriptor", "Files of this product."),
        text("from", "Files that start on this day or later.", { type: "string", format: "date" }),
        text("to", "Files that start on this day or earlier.", { type: "string", format: "date" }),
        text("page", "Which hundred of the files.", { type: "integer", minimum: 1, default: 1 }),
      ],
      responses: {
        "200": html("The page."),
        "302": { description: "The SDC's page, for programs." },
        "401": { description: "The archive requires its key as the password.", ...content("text/plain", TEXT) },
        ...CRASH,
      },
    },
  },
  "/coverage.svg": {
    get: {
      operationId: "coverage",
      tags: ["people"],
      summary: "The days that have science files, one line for each product",
      security: [{}, { user: [] }],
      responses: {
        "200": { description: "The chart.", ...content("image/svg+xml", TEXT) },
        "401": { description: "The archive requires its key as the password.", ...content("text/plain", TEXT) },
        ...CRASH,
      },
    },
  },
};

const moment = (pattern: string): Json => ({ type: "string", pattern, description: "UTC, without a zone." });
const server = (prefix: string, description: string): Json => ({
  url: `{origin}${prefix}`,
  description,
  variables: { origin: { default: "http://127.0.0.1:8000" } },
});

/** The document. */
export function openApi(): Json {
  return {
    openapi: "3.1.0",
    info: {
      title: "IMAP archive",
      version: VERSION,
      license: { name: "MIT", identifier: "MIT" },
      summary: "The Data Access API of NASA's IMAP Science Data Center, as the local archive speaks it.",
      description:
        "What `imap-data-access serve` answers, in the SDC's dialect of today. Files are on another origin, " +
        "behind presigned URLs as of Amazon S3: clients request the URL here, and GET or PUT the bytes there, " +
        "without credentials. `GET` and `HEAD` of every table and of downloads may be read by web pages of any origin.",
    },
    servers: [
      server("", "Without credentials. An archive with a key refuses, unless it is public."),
      server("/api-key", "Callers with an API key."),
      server("/authorized", "Callers with an access token."),
    ],
    security: [{}, { apiKey: [] }, { accessToken: [] }],
    tags: [
      { name: "tables", description: "What the archive has." },
      { name: "files", description: "Download and upload." },
      { name: "orders", description: "Reprocess and release." },
      { name: "webpoda", description: "Packets on demand; at the SDC, another server." },
      { name: "people", description: "What a browser shows." },
    ],
    paths: PATHS,
    components: {
      securitySchemes: {
        apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
        accessToken: { type: "http", scheme: "bearer", description: "Below `/authorized`." },
        user: {
          type: "http",
          scheme: "basic",
          description: "Any user and password; of an archive with a key, the key as password.",
        },
      },
      responses: {
        Unauthorized: gateway("The archive has a key, and the request has none."),
        Forbidden: gateway("The key is wrong, or a web page of another origin sent the request."),
        NoSuchRoute: gateway(
          "The archive is public, and has this route below `/api-key` only (`/reprocess` below `/authorized` too).",
        ),
        Crash: gateway(
          "The code behind the gateway crashed, as at the SDC: no parameter at all, a bad date in `/query`, an unknown " +
            "instrument, `latest` of a table that has none, or a response over 6 MiB.",
        ),
      },
      schemas: {
        Day: {
          type: "string",
          pattern: DAY_PATTERN,
          description: "A day of the calendar, YYYYMMDD, from the year 100 on.",
          examples: ["20240105"],
        },
        Moment: moment("^\\d{8} \\d\\d:\\d\\d:\\d\\d$"),
        CommaMoment: moment("^\\d{4}-\\d\\d-\\d\\d, \\d\\d:\\d\\d:\\d\\d$"),
        Interval: {
          type: "array",
          description: "The start and the end of what a kernel covers.",
          items: { type: ["number", "string"] },
          minItems: 2,
          maxItems: 2,
        },
        Problem: {
          type: "object",
          required: ["error"],
          properties: { error: TEXT },
          additionalProperties: false,
        },
        Job: {
          type: "object",
          required: Object.keys(JOB_COLUMNS),
          properties: JOB_COLUMNS,
          additionalProperties: false,
        },
        Message: {
          type: "object",
          required: ["message"],
          properties: { message: TEXT },
          additionalProperties: false,
        },
        ...ROWS,
      },
    },
  };
}

/** The text of the document, as it is kept. */
export function openApiText(): string {
  return `${JSON.stringify(openApi(), null, 2)}\n`;
}

if (import.meta.main) await Deno.writeTextFile(OPENAPI, openApiText());
