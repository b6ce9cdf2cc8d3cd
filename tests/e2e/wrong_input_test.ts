// What a person gets who types something wrong: exit code 2, a message that helps, nothing sent, nothing written.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runCli } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";

const VALID = "imap_swe_l0_sci_20240105_v001.pkts";
const MANIFEST = "imap_hit_data-release-001_20260101_20260131_v001.txt";

/** Wrong command lines, and words of their messages. */
const WRONG: ReadonlyArray<readonly [line: string, ...said: string[]]> = [
  ["query --instrument glow", 'instrument "glow"', "codice, glows", 'did you mean "glows"?'],
  ["query --data-level l9", '--data-level "l9"', "l0, l1"],
  ["query --start-date 20240230", '--start-date "20240230"', "YYYYMMDD"],
  ["query --end-date 2024-02-30", '--end-date "2024-02-30"', "YYYYMMDD"],
  ["query --ingestion-start-date tomorow", "--ingestion-start-date", "YYYYMMDD"],
  ["query --instrument mag,sw", 'instrument "sw"', "codice, glows"],
  ["query --table spice --data-level l1a", "Cannot query --data-level in the table spice"],
  ["query --days-ago soon", '--days-ago "soon"', "whole number of days"],
  ["query --today --days-ago 1", "Cannot query --today and --days-ago at once"],
  ["query --filename imap_mag_l9_x_20260101_v001.cdf", 'data level "l9"'],
  ["query --filename *.txt", "no table has release files"],
  ["query --version 1", 'version "1"', "vNNN or vMMM.mmmm"],
  ["query --major-version one", "--major-version", "whole number"],
  ["query --repointing repoint1", "repointing", "repointNNNNN"],
  ["query --extension fits", "extension", "cdf, pkts"],
  ["query --table sience", "table", 'did you mean "science"?'],
  ["query --start-date 20260201 --end-date 20260101", "the end is before the start"],
  ["query", "give at least one of --instrument"],
  ["query --version latest", "besides the version"],
  ["query --instrment mag", '"--instrment"', 'did you mean "--instrument"?', "see imap-data-access query --help"],
  ["query --instrument mga", 'did you mean "mag"?'],
  ["query --data-level level2", 'did you mean "l2"?'],
  ["query --level l2", 'did you mean "--data-level"?'],
  ["query --instr mag", 'did you mean "--instrument"?'],
  [
    "query --instrument mag swe",
    'the argument "swe"',
    "separate several values with commas, as in --instrument mag,swe",
  ],
  ["query --instrument mag mag", 'the argument "mag": query takes only options; see'],
  ["query --data l1a", '"--data": there is no such option; see'],
  ["query --start-date 7d today", 'the argument "today": query takes only options; see'],
  [`query ${VALID}`, `use --filename ${VALID}`],
  ["query --version v2", 'did you mean "v002"?'],
  ["query --version newest", 'did you mean "latest"?'],
  ["query --type leapseconds", "only spice has it (--table spice)"],
  ["query --instrument mag --url 127.0.0.1:8000", 'did you mean "http://127.0.0.1:8000"?'],
  ["query --instrument mag --url api.imap-mission.com", 'did you mean "https://api.imap-mission.com"?'],
  ["version", 'did you mean "--version"?'],
  ["spice_query --type leapseconds", 'did you mean "query --table spice"?'],
  ["get x", 'did you mean "download"?'],
  ["query --retries 1", "there is no such option here; it is an option of download, metakernel, upload"],
  ["--instrument mag query", "it is an option of query, catalog"],
  ["help qurey", 'did you mean "query"?'],
  ["help query download", "help takes one command"],
  ["query --instrument", '"--instrument": it needs a value, NAME', "see imap-data-access query --help"],
  ["query --instrument mag --instrument swe", "it is given twice"],
  ["query --instrument mag --output-format jsn", 'did you mean "json"?'],
  ["query mag", 'the argument "mag"'],
  ["qurey", 'did you mean "query"?', "see imap-data-access --help"],
  ["", "no command is given"],
  ["--urll http://x query", 'did you mean "--url"?'],
  ["--url nowhere query --instrument mag", 'API address "nowhere"'],
  ["download", "no file is named"],
  [
    "download imap_swe_l9_sci_20240230_v1.exe",
    'data level "l9"',
    'start date "20240230"',
    'version "v1"',
    'extension "exe"',
  ],
  ["download ../imap_swe_l0_sci_20240105_v001.pkts/..", "its full path in the archive"],
  [`download ${VALID} imap_xyz_l0_sci_20240105_v001.pkts`, 'instrument "xyz"', "Nothing was downloaded"],
  ["download imap/swe/l0/2024/01/*.pkts", 'filters take patterns, for example --filename "*.pkts"'],
  [`download /data/imap/swe/l0/2024/01/${VALID}`, `did you mean "${VALID}"?`],
  [`download C:\\data\\${VALID}`, `did you mean "${VALID}"?`],
  [`download ${VALID} --data-dir C:\\data`, "it is a path of Windows"],
  [`download ${VALID} --data-dir a\nb`, "a\ufffdb", "a control character"],
  [`download ${VALID} --instrument swe`, "by name and by filter at once"],
  [`download ${VALID} --verify --force`, "--verify together with --force"],
  [`download ${VALID} --shard 0/3`, 'shard "0/3"', "3/16"],
  [`download ${VALID} --shard 4/3`, 'shard "4/3"'],
  ["download --instrument swe --shard 4/3", 'shard "4/3"'],
  ["download --instrument swe --concurrency 1000", "1 to 256"],
  [`download ${VALID} --shard half`, '"half" for --shard'],
  [`download ${VALID} --concurrency 0`, "--concurrency", "from 1 to 256"],
  [`download ${VALID} --concurrency 1000`, "1 to 256"],
  [`download ${VALID} --retries few`, "--retries", "whole number"],
  [`download ${VALID} --stall-timeout 0`, "--stall-timeout", "from 1 to"],
  ["download --frozen", "--frozen without --lock"],
  [`download --lock a.json ${VALID}`, "--lock together with names of files"],
  ["download --lock a.json --instrument swe", "--lock together with filters"],
  ["download --lock a.json --force", "--lock together with --force"],
  ["lock", "no lock file is named"],
  [`lock ${VALID}`, "a name that ends with .json"],
  [`lock a.json ${VALID} --instrument swe`, "by name and by filter at once"],
  ["lock a.json --instrument mga", 'did you mean "mag"?'],
  ["lock a.json notes.txt", 'file name "notes.txt"'],
  ["lock a.json --update --verify", "--update together with --verify"],
  ["lock a.json --update --instrument mag", "--update together with filters"],
  ["lock a.json --citation apa", "expected one of bibtex, text"],
  ["lock a.json --citation text --force", "--citation together with --force"],
  ["verify", "no lock file is named"],
  ["verify a.json b.json", '"b.json": verify takes one lock file'],
  ["verify a.json --jobs 0", "from 1 to 256"],
  ["diff", "no lock file is named"],
  [`upload ${VALID} notes.txt`, "there is no such file", 'file name "notes.txt"', "Nothing was sent"],
  ["upload", "no file is named"],
  [`upload ${VALID}`, "there is no such file"],
  ["upload -- -x.pkts", 'Cannot upload "-x.pkts": there is no such file'],
  ["upload .", "it is not a file"],
  ["upload notes.txt", 'file name "notes.txt"'],
  ["upload imap_swe_l0_sci_20240106_v001.pkts", "the file is empty"],
  ["serve --port 99999", 'port "99999"', "65535"],
  ["serve --root notes.txt", "notes.txt"],
  ["serve --import nowhere", 'Cannot import "nowhere"', "cannot be read: there is no such folder"],
  ["serve --import notes.txt", "it is not a folder"],
  ["serve --demo --root archive", "--demo together with --root"],
  ["reprocess --start-date 20260101", "without --end-date"],
  ["reprocess --start-date 20260230 --end-date 20260301", '--start-date "20260230"', "YYYYMMDD"],
  ["reprocess --start-date 20260201 --end-date 20260101", "the end is before the start"],
  ["reprocess --start-date 7d --end-date today --instrument glow", 'did you mean "glows"?'],
  [
    "reprocess --start-date 7d --end-date today --instrument mag --data-level l1a",
    "it requires --instrument and --descriptor",
  ],
  ["reprocess --start-date 7d --end-date today --descriptor norm", "it requires --instrument"],
  ["jobs --status done", '--status "done"', "INPROGRESS, SUCCEEDED, FAILED"],
  ["jobs --instrument glow", 'did you mean "glows"?'],
  ["jobs --start-date 20260230", '--start-date "20260230"', "YYYYMMDD"],
  ["jobs --major-version all", '--major-version "all"', "a whole number"],
  ["jobs --data-level l9 --repointing one", '--data-level "l9"', '--repointing "one"'],
  ["jobs --output-format csv", "expected one of table, json"],
  ["jobs mag", 'the argument "mag"'],
  ["job-log", "expected the identifier of one log"],
  ["job-log one two", "expected the identifier of one log"],
  ["job-log \u00e9", "expected the job_log_stream_id of a job"],
  ["metakernel", "--start-date and --end-date are required"],
  ["metakernel --start-date 20260101", "--start-date and --end-date are required"],
  ["metakernel --start-date 20260230 --end-date 2026", '--start-date "20260230"', '--end-date "2026"', "YYYYMMDD"],
  [
    "metakernel --start-date today --end-date yesterday",
    '--start-date "today" and --end-date "yesterday": the end is before the start',
  ],
  ["metakernel --start-date 20260101 --end-date 20260101 --types leapsecond", 'did you mean "leapseconds"?'],
  ["metakernel --start-date 20260101 --end-date 20260101 --types spin", '--types "spin"', "leapseconds"],
  ["metakernel --start-date 20260101 --end-date 20260101 --output .", "it is a folder"],
  ["metakernel --start-date 20260101 --end-date 20260101 --concurrency 0", "--concurrency", "from 1 to 256"],
  ["metakernel --start-date 20260101 --end-date 20260101 --data-dir d\u00e4ta", "SPICE reads paths of up to 255 ASCII"],
  ["release", "--release-type and --manifest-file are required"],
  ["release --release-type relese --manifest-file x", 'did you mean "release"?'],
  ["release --release-type unrelease --manifest-file x", "there is no such file"],
  [`release --release-type release --manifest-file ${MANIFEST}`, "there is no such file"],
  [
    "release --release-type release --manifest-file imap_mag_offsets_20260101_v001.csv",
    "expected the name of a manifest",
  ],
  ["release --release-type release --manifest-file imap_mag_data-release-001_20260101_v001.txt", "with both days"],
  ["release --release-type release --manifest-file imap_mag_data-release-002_20260101_20260131_v001.txt", "an API key"],
  [
    "release --release-type release --manifest-file imap_mag_data-release-003_20260101_20260131_v001.txt",
    'line 1: "mine": expected instrument, data_type, descriptor, true|false',
    'line 2: instrument "mga": expected one of codice',
    'line 3: data_type "l9"',
    "Nothing was sent",
  ],
  ["release --write-manifest", "--instrument", "--release-number", "--start-date", "--end-date", "--products"],
  ["release --write-manifest --manifest-file x", "--write-manifest together with --manifest-file"],
  ["release --write-manifest --dry-run", "--write-manifest together with --dry-run"],
  [
    "release --write-manifest --instrument mag --release-number 1 --start-date 7d --end-date today --products l1a, --manifest-version 1",
    '--manifest-version "1"',
    "--products: expected a data type",
  ],
  ["release --release-type release --manifest-file x --products l1a", "--products without --write-manifest"],
  [
    "release --write-manifest --instrument mag --release-number 0 --start-date 7d --end-date today --products l1a",
    '--release-number "0"',
  ],
  [
    "release --write-manifest --instrument mag --release-number 1 --start-date today --end-date 7d --products l1a",
    "the end is before the start",
  ],
  [
    "release --write-manifest --instrument mag --release-number 1 --start-date 7d --end-date today --products l1a/b/c,l9",
    '--products "l1a/b/c"',
    '--products "l9"',
  ],
  ["release --release-type release --manifest-file x --index-timeout soon", "--index-timeout", "whole number"],
  ["space-weather --instrument mga", '--instrument "mga"', "expected one of codice_hi, codice_lo"],
  ["space-weather --start-date 20260230", '--start-date "20260230"', "YYYYMMDD"],
  ["space-weather --start-date today --end-date soon", '--end-date "soon"', "YYYYMMDD"],
  ["space-weather --start-date today --end-date yesterday", "the end is before the start"],
  ["space-weather --end-date today", "--start-date: expected the first day"],
  ["space-weather mag", 'the argument "mag"'],
  ["space-weather --output-format csv", "expected one of table, json"],
  ["ialirt", "without --year: expected the year of the files"],
  ["ialirt --year 26", '--year "26"', "a whole number from 2000 to 2100"],
  ["ialirt --year 2026 --day 3", "--month: expected a number, since day is given"],
  ["ialirt --year 2026 --doy 3", 'Cannot list the archive of I-ALiRT by "doy"', "expected one of --year, --month"],
  ["ialirt --packets --year 2026 --hh 25 --doy 367", '--hh "25"', '--doy "367"'],
  ["ialirt --catalog --start-date today --end-date yesterday", "the end is before the start"],
  ["ialirt --catalog --start-date 20260101 --end-date 20260131", '--end-date "20260131"', "less than 30 days"],
  ["ialirt --year 2026 --month 2 --day 30", '--day "30": expected a day of that month'],
  ["ialirt --catalog --station a/b", '--station "a/b"', "the name of a ground station"],
  ["ialirt --realtime --year 2026", "Cannot list the newest file of I-ALiRT by --year: it has no conditions"],
  ["ialirt --catalog --logs", "--logs together with --catalog"],
  ["ialirt --year 2026 x.cdf", "--year together with names of files"],
  ["ialirt x.cdf", 'file name "x.cdf"'],
  ["ialirt imap/x.cdf", "without a folder"],
  ["webpoda", "--instrument and --start-date are required"],
  ["webpoda --instrument l1const --start-date today", '"l1const" for --instrument', "codice, glows"],
  ["webpoda --instrument mag --start-date 20260230", '--start-date "20260230"'],
  ["webpoda --instrument mag --start-date today --end-date yesterday", "the end is before the start"],
  ["webpoda --instrument mag --start-date today --query-mode sctime", "expected one of ert, sct"],
  ["webpoda --instrument mag --start-date today", "there is no token; set IMAP_WEBPODA_TOKEN"],
  ["webpoda --instrument mag --start-date today --webpoda-token user:password", "expected the base64 of user:password"],
  ["completions", "expected the name of one shell"],
  ["completions bsh", 'did you mean "bash"?'],
  ["completions bash zsh", "expected the name of one shell"],
];

for (const [line, ...said] of WRONG) {
  Deno.test(`"imap-data-access ${line}" says what is wrong, and sends and writes nothing`, async () => {
    await using server = startServer(() => new Response(null, { status: 500 }));
    await using folder = await testFolder();
    await Deno.writeTextFile(`${folder.path}/notes.txt`, "mine");
    await Deno.writeTextFile(`${folder.path}/imap_swe_l0_sci_20240106_v001.pkts`, "");
    await Deno.writeTextFile(`${folder.path}/imap_mag_offsets_20260101_v001.csv`, "mine");
    const manifests = {
      "001_20260101": "mag, all, all, true",
      "002_20260101_20260131": "mag, all, all, true",
      "003_20260101_20260131": "mine\nmga, all, all, true\nmag, l9, all, true\n",
    };
    for (const [name, text] of Object.entries(manifests)) {
      await Deno.writeTextFile(`${folder.path}/imap_mag_data-release-${name}_v001.txt`, text);
    }
    const before = await folder.files();
    const env = {
      IMAP_DATA_ACCESS_URL: server.url,
      IMAP_WEBPODA_URL: server.url,
      IMAP_IALIRT_URL: server.url,
      IMAP_DATA_DIR: folder.path,
    };
    const { code, stdout, stderr } = await runCli(line.split(" ").filter(Boolean), { cwd: folder.path, env });
    for (const words of said) assertStringIncludes(stderr, words);
    assertEquals([code, stdout], [2, ""]);
    assert(stderr.startsWith("imap-data-access"));
    assertEquals(server.requests, []);
    assertEquals(await folder.files(), before);
  });
}

Deno.test("a wrong option is an error in one line", async () => {
  const { stderr } = await runCli(["query", "--instrment", "mag"]);
  assertEquals(stderr.trimEnd().split("\n").length, 1);
});
