import { openTestArchive } from "../support/archive.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";

const PATH = "imap/swe/l0/2024/01/imap_swe_l0_sci_20240105_v001.pkts";
const START = Date.parse("2026-01-02T03:04:05Z");

/** The status and code of an error of the object store. */
async function refusal(response: Response): Promise<[status: number, code: string]> {
  assertEquals(response.headers.get("content-type"), "application/xml");
  return [response.status, /<Code>(.*)<\/Code>/.exec(await response.text())?.[1] ?? ""];
}

Deno.test("The object store rejects every method except the one that a URL was signed for", async () => {
  await using archive = await openTestArchive({ files: { [PATH]: "bytes" } });
  const url = await archive.urlFor("download", PATH);
  for (const method of ["HEAD", "PUT", "POST", "DELETE", "OPTIONS"]) {
    assertEquals(await refusal(await archive.objects(url, { method })), [403, "SignatureDoesNotMatch"]);
  }
  const upload = await archive.urlFor("upload", "imap_mag_l0_raw_20250101_v001.pkts");
  assertEquals(await refusal(await archive.objects(upload)), [403, "SignatureDoesNotMatch"]);
});

Deno.test("The object store rejects a URL without a signature, with a wrong one, or for another object", async () => {
  await using archive = await openTestArchive({ files: { [PATH]: "bytes" } });
  const url = await archive.urlFor("download", PATH);
  assertEquals(await refusal(await archive.objects(`http://objects.test/${PATH}`)), [403, "AccessDenied"]);
  assertEquals(await refusal(await archive.objects(`${url}0`)), [403, "SignatureDoesNotMatch"]);
  assertEquals(await refusal(await archive.objects(url.replace("v001", "v002"))), [403, "SignatureDoesNotMatch"]);
  assertEquals(await refusal(await archive.objects(url.replace(PATH, "%zz"))), [400, "InvalidURI"]);
});

Deno.test("The object store rejects an expired URL", async () => {
  const clock = { ms: START };
  await using archive = await openTestArchive({ files: { [PATH]: "bytes" }, now: () => new Date(clock.ms) });
  const url = await archive.urlFor("download", PATH);
  clock.ms += 86_400_000 - 1;
  assertEquals(await (await archive.objects(url)).text(), "bytes");
  clock.ms += 1;
  const response = await archive.objects(url);
  assertEquals(response.status, 403);
  assertStringIncludes(await response.text(), "<Code>AccessDenied</Code><Message>Request has expired</Message>");
});

Deno.test("The object store answers 400 to an Authorization header, and ignores x-api-key", async () => {
  await using archive = await openTestArchive({ files: { [PATH]: "bytes" } });
  const url = await archive.urlFor("download", PATH);
  const response = await archive.objects(url, { headers: { authorization: "Bearer token" } });
  assertEquals(response.status, 400);
  const body = await response.text();
  assertStringIncludes(body, "<Code>InvalidArgument</Code><Message>Only one auth mechanism allowed</Message>");
  assertEquals(body.includes("token"), false);
  assertEquals(await (await archive.objects(url, { headers: { "x-api-key": "key" } })).text(), "bytes");
});
