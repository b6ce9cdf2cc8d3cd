import { InputError } from "../../src/errors.ts";
import { checkQuery } from "../../src/sdc/check_query.ts";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";

Deno.test("checkQuery() brings a query into the form of the wire", () => {
  assertEquals(checkQuery({ table: "science", instrument: "mag", descriptor: undefined }), { instrument: "mag" });
  assertEquals(checkQuery({ repointing: "repoint00012" }), { repointing: "12" });
  assertEquals(checkQuery({ repointing: 12, major_version: 1 }), { repointing: "12", major_version: "1" });
  assertEquals(checkQuery({ instrument: "mag", version: "latest" }), { instrument: "mag", latest: "true" });
  assertEquals(checkQuery({ version: "v001.0002" }), { version: "v001.0002" });
});

Deno.test("checkQuery() asks for at least one parameter", () => {
  for (const query of [{}, { table: "science" }, { version: "latest" }, { instrument: undefined }]) {
    assertThrows(() => checkQuery(query), InputError, "give at least one of");
  }
});

Deno.test("checkQuery() names what is wrong, what was expected and the closest valid value", () => {
  const wrong: ReadonlyArray<readonly [query: Record<string, string | number>, ...said: string[]]> = [
    [{ instrument: "glow" }, 'Cannot query instrument "glow"', "codice, glows", 'did you mean "glows"?'],
    [{ instrument: "MAG" }, 'did you mean "mag"?'],
    [{ data_level: "l9" }, 'Cannot query data_level "l9"', "l1ca"],
    [{ start_date: "20240230" }, "start_date", "YYYYMMDD"],
    [{ end_date: "2024" }, "end_date", "YYYYMMDD"],
    [{ ingestion_start_date: "20241301" }, "ingestion_start_date"],
    [{ ingestion_end_date: "x" }, "ingestion_end_date"],
    [{ repointing: "repoint12" }, "repointing", "repointNNNNN"],
    [{ repointing: -1 }, "repointing"],
    [{ repointing: 1.5 }, "repointing"],
    [{ version: "1" }, "version", "vNNN or vMMM.mmmm", "latest"],
    [{ major_version: "v1" }, "major_version", "whole number"],
    [{ extension: "fits" }, "extension", "cdf, pkts"],
    [{ descriptor: "a_b" }, "descriptor", "no underscore"],
    [{ descriptor: "a\u202eb" }, "descriptor"],
    [{ descriptor: "" }, "descriptor"],
    [{ table: "sciense" }, 'did you mean "science"?'],
    [{ dataLevel: "l0" }, 'Cannot query by "dataLevel"', 'did you mean "data_level"?'],
    [{ latest: "true" }, 'Cannot query by "latest"'],
  ];
  for (const [query, ...said] of wrong) {
    const { message } = assertThrows(() => checkQuery(query), InputError);
    for (const words of said) assertStringIncludes(message, words);
  }
});

Deno.test("checkQuery() names every wrong parameter, a line each", () => {
  const { message } = assertThrows(() => checkQuery({ instrument: "x", data_level: "y", version: "z" }), InputError);
  assertEquals(message.split("\n").length, 3);
});

Deno.test("checkQuery() finds an end before the start", () => {
  const query = { start_date: "20260201", end_date: "20260131" };
  assertThrows(() => checkQuery(query), InputError, "the end lies before the start");
  assertEquals(checkQuery({ start_date: "20260201", end_date: "20260201" }).end_date, "20260201");
});
