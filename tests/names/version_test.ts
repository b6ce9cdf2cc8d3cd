import { InputError } from "../../src/errors.ts";
import { compareVersions, formatVersion, parseVersion } from "../../src/names/fields.ts";
import { assertEquals, assertThrows } from "@std/assert";

Deno.test("parseVersion() parses both forms", () => {
  assertEquals(parseVersion("v001"), { major: null, minor: 1 });
  assertEquals(parseVersion("v002.0013"), { major: 2, minor: 13 });
});

Deno.test("parseVersion() rejects every other form and says what was expected", () => {
  for (const text of ["", "v1", "v0001", "001", "v001.001", "v001.", "V001", "v001.0001 ", "v001\n", "v٠٠١"]) {
    const error = assertThrows(() => parseVersion(text), InputError, "expected vNNN or vMMM.mmmm");
    assertEquals(error.message.startsWith(`Cannot read the version "${text}"`), true);
  }
});

Deno.test("formatVersion() formats what parseVersion() parses", () => {
  for (const text of ["v000", "v999", "v000.0000", "v999.9999", "v001.0002"]) {
    assertEquals(formatVersion(parseVersion(text)), text);
  }
});

Deno.test("formatVersion() rejects numbers that do not fit", () => {
  for (const version of [{ major: null, minor: 1000 }, { major: 1, minor: 10000 }, { major: -1, minor: 1 }]) {
    assertThrows(() => formatVersion(version), InputError, "Cannot write the version");
  }
  assertThrows(() => formatVersion({ major: null, minor: 1.5 }), InputError);
});

Deno.test("compareVersions() puts versions without a major first, then orders by major and minor", () => {
  const ordered = ["v000", "v002", "v010", "v000.0001", "v001.0009", "v001.0010", "v002.0001"];
  const shuffled = [4, 0, 6, 2, 5, 1, 3].map((index) => ordered[index] ?? "");
  assertEquals(shuffled.map(parseVersion).sort(compareVersions).map(formatVersion), ordered);
});
