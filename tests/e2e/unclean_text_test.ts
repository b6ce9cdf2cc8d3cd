// Paths and text as they come from shells, files of settings, and other programs. Nothing of it may become a folder.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runCli, runInShell } from "../support/cli.ts";
import { testFolder } from "../support/folder.ts";
import { startServer } from "../support/server.ts";

const FILE = "imap_mag_l0_raw_20250502_v001.pkts";
const MANIFEST = "imap_hit_data-release-001_20260101_20260131_v001.txt";
const ignore = Deno.build.os === "windows";

/** Lines of bash, and words of their messages. None of them may send or write anything. */
const WRONG: ReadonlyArray<readonly [line: string, ...said: string[]]> = [
  [`IMAP_DATA_DIR='~bob/data' ida download ${FILE}`, "the data directory of IMAP_DATA_DIR", "your own home directory"],
  [`HOME= ida download --data-dir '~/data' ${FILE}`, "write the whole path"],
  [`IMAP_DATA_DIR='"/data"' ida download ${FILE}`, "quotation mark", "IMAP_DATA_DIR"],
  [`ida download --data-dir "'data'" ${FILE}`, "quotation mark"],
  [`IMAP_DATA_DIR=$'data\\r' ida download ${FILE}`, "carriage return", "IMAP_DATA_DIR"],
  [`IMAP_DATA_DIR='data ' ida download ${FILE}`, "white space"],
  [`ida download --data-dir 's3://bucket/x' ${FILE}`, '"s3://bucket/x"', "it is a URL (s3), not a path"],
  [`ida download --data-dir 's3:/bucket/x' ${FILE}`, "it is a URL (s3)"],
  [`ida download --data-dir 'file://other/data' ${FILE}`, "file:///PATH"],
  [`ida download --data-dir '$HOME/data' ${FILE}`, "a variable that was not replaced"],
  [`ida download --data-dir $'caf\\xe9' ${FILE}`, 'the argument "caf\ufffd": it is not UTF-8'],
  [`IMAP_DATA_DIR=$'caf\\xe9' ida download ${FILE}`, '"IMAP_DATA_DIR": it is not UTF-8'],
  [`IMAP_API_KEY=$'caf\\xe9' ida query --instrument mag`, '"IMAP_API_KEY": it is not UTF-8'],
  [`mkdir $'caf\\xe9'; cd $'caf\\xe9'; ida download ${FILE}`, "the working directory: its path is not UTF-8"],
  [`no_proxy=$'caf\\xe9.local' ida query --instrument mag`, '"no_proxy": it is not UTF-8'],
  [`no_proxy=$'caf\\xe9.local' ida upload ok/${FILE}`, '"no_proxy": it is not UTF-8'],
  [`HTTPS_PROXY=$'caf\\xe9.local' ida download ${FILE}`, '"HTTPS_PROXY": it is not UTF-8'],
  [`ida upload $'caf\\xe9/${FILE}'`, "it is not UTF-8"],
  [`ida upload 's3://bucket/${FILE}'`, "it is a URL (s3)"],
  [`printf '${FILE}\\ncaf\\xe9\\n' | ida download -`, "standard input: line 2 is not UTF-8"],
  [`printf '\\xff\\xfea\\0' | ida download -`, "standard input: it is UTF-16"],
  [`ida --api-key-file key query --instrument mag`, 'the API key file "key": line 1 is not UTF-8'],
  [`ida --api-key-file '"key"' query --instrument mag`, "quotation mark"],
  [
    `ida release --api-key k --release-type release --manifest-file ${MANIFEST}`,
    `"${MANIFEST}": expected text in UTF-8, but line 2`,
  ],
  [`ida metakernel --start-date 20260101 --end-date 20260101 --output 's3://x/m.tm'`, '"s3://x/m.tm": it is a URL'],
  [`ida serve --root '~bob/archive'`, 'Cannot serve "~bob/archive"'],
  [`ida serve --root archive --import '"in"'`, "Cannot import", "quotation mark"],
];

Deno.test("text from outside that cannot be meant is an error that says where it is", { ignore }, async (t) => {
  await using server = startServer(() => new Response("[]"));
  for (const [line, ...said] of WRONG) {
    await t.step(line, async () => {
      await using folder = await testFolder();
      await Deno.mkdir(`${folder.path}/ok`);
      await Deno.writeTextFile(`${folder.path}/ok/${FILE}`, "packets");
      await Deno.writeFile(`${folder.path}/key`, new Uint8Array([0x6b, 0xe9]));
      const lines = new TextEncoder().encode("hit,l1a,all,true\nhit,l1b,caf");
      await Deno.writeFile(`${folder.path}/${MANIFEST}`, new Uint8Array([...lines, 0xe9]));
      const before = [...Deno.readDirSync(folder.path)].length;
      const sent = server.requests.length;
      const { code, stderr } = await runInShell(line, { cwd: folder.path, env: { IMAP_DATA_ACCESS_URL: server.url } });
      for (const part of said) assertStringIncludes(stderr, part);
      assert(!stderr.includes("defect of this program"), stderr);
      assertEquals(code, 2);
      const made = line.startsWith("mkdir") ? 1 : 0;
      assertEquals([...Deno.readDirSync(folder.path)].length, before + made, "it made a folder");
      assertEquals(server.requests.length, sent, "it sent a request");
    });
  }
});

Deno.test("~ and file URLs in paths are understood", { ignore }, async () => {
  await using folder = await testFolder();
  const path = "imap/mag/l0/2025/05/" + FILE;
  await using objects = startServer(() => new Response("packets", { headers: { "content-length": "7" } }));
  await using server = startServer(() => Response.redirect(`${objects.url}/object`));
  const env = { HOME: folder.path, IMAP_DATA_ACCESS_URL: server.url };
  const places = { "~/from home": "from home", [`file://${folder.path}/from%20url`]: "from url", "~": "." };
  for (const [given, place] of Object.entries(places)) {
    for (const [args, variable] of [[["--data-dir", given], ""], [[], given]] as const) {
      const { code, stdout, stderr } = await runCli(["download", FILE, ...args], {
        cwd: folder.path,
        env: { ...env, IMAP_DATA_DIR: variable },
      });
      assertEquals([code, stderr], [0, ""]);
      const local = place === "." ? folder.path : `${folder.path}/${place}`;
      assertEquals(stdout, `Successfully downloaded the file to: ${local}/${path}\n`);
      assertEquals(await Deno.readTextFile(`${local}/${path}`), "packets");
    }
  }
});

Deno.test("a row that is not UTF-8 costs nothing but its odd field, is named, and becomes no folder", async () => {
  await using folder = await testFolder();
  const bytes = (text: string) => new TextEncoder().encode(text);
  const path = `imap/mag/l0/2025/05/${FILE}`;
  const rows = [bytes(`[{"file_path": "${path}"}, {"file_path": "imap/caf`), [0xe9], bytes(`/${FILE}"}]`)];
  await using server = startServer(() => new Response(new Uint8Array(rows.flatMap((part) => [...part]))));
  const filters = ["--instrument", "mag", "--url", server.url];
  const found = await runCli(["query", ...filters, "--output-format", "paths"]);
  assertEquals([found.code, found.stdout], [0, `imap/caf\ufffd/${FILE}\n${path}\n`]);
  assertStringIncludes(found.stderr, "row 2 of the response has bytes that are not UTF-8");
  const download = await runCli(["download", ...filters, "--dry-run"], { cwd: folder.path });
  assertEquals(download.code, 1);
  assertStringIncludes(download.stderr, `"imap/caf\ufffd/${FILE}": it is not a valid path in the archive`);
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("other responses that are not UTF-8 are an error that says where", async () => {
  await using server = startServer(() => new Response(new Uint8Array([0x22, 0x63, 0xe9, 0x22])));
  const { code, stderr } = await runCli(["jobs", "--url", server.url]);
  assertEquals(code, 1);
  assertStringIncludes(stderr, `the response of ${new URL(server.url).host} is not UTF-8 after 0 bytes`);
});
