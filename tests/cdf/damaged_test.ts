// Files that contradict themselves end in a CdfError that names the record and its offset.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { CdfError, type CdfErrorCode, openCdf } from "../../src/cdf/cdf.ts";
import { minimalCdf } from "../../src/demo/cdf.ts";
import { ADR, CDR, compressFirst, GDR, gzip, Patch, VXR, zVDR } from "./patch.ts";

const EXAMPLE = await Deno.readFile(fromFileUrl(new URL("files/example.cdf", import.meta.url)));
const WHOLE = await Deno.readFile(fromFileUrl(new URL("files/whole_6_True_column_major.cdf", import.meta.url)));
const offsetOf = (type: number, index?: number) => new Patch(EXAMPLE).offsetOf(type, index);

/** A variable with a ramp of so many values, in one plain block. */
function ramp(values: number): Uint8Array<ArrayBuffer> {
  return minimalCdf({
    attributes: {},
    variables: [{
      name: "ramp",
      values: Int32Array.from({ length: values }, (_, index) => index),
      recordShape: [],
      attributes: {},
    }],
  });
}

/** Opens a file and reads all of it. */
async function readAll(bytes: Uint8Array): Promise<void> {
  const cdf = await openCdf(bytes);
  for (const { name } of cdf.variables) await cdf.read(name);
}

interface Wanted {
  readonly code: CdfErrorCode;
  readonly record?: string;
  readonly offset?: number;
  readonly says: string;
}

function rejects(
  what: string,
  bytes: Uint8Array | (() => Promise<Uint8Array>),
  { code, record, offset, says }: Wanted,
) {
  Deno.test(`a file is rejected ${what}`, async () => {
    const file = bytes instanceof Uint8Array ? bytes : await bytes();
    const error = await assertRejects(() => readAll(file), CdfError);
    assertEquals([error.code, error.record, error.offset], [code, record, offset], error.message);
    assert(error.message.includes(says), error.message);
  });
}

const change = (edit: (patch: Patch) => Patch) => edit(new Patch(EXAMPLE)).bytes;

rejects("that is empty", new Uint8Array(0), { code: "format", says: "it has 0 bytes" });
rejects("that is not CDF", new TextEncoder().encode("<!DOCTYPE html>"), { code: "format", offset: 0, says: "begin" });
rejects("that ends too early", EXAMPLE.subarray(0, 2000), {
  code: "truncated",
  record: "zVDR",
  offset: offsetOf(zVDR),
  says: "and the file 2000",
});
rejects("whose variables form a circle", change((p) => p.int8(offsetOf(zVDR, 1) + 12, offsetOf(zVDR))), {
  code: "format",
  record: "zVDR",
  offset: offsetOf(zVDR),
  says: "several records lead to it",
});
rejects("whose attribute leads to itself", change((p) => p.int8(offsetOf(ADR, 1) + 12, offsetOf(ADR, 1))), {
  code: "format",
  record: "ADR",
  offset: offsetOf(ADR, 1),
  says: "several records lead to it",
});
rejects(
  "whose index leads to itself",
  change((p) => p.int8(offsetOf(VXR) + 12, offsetOf(VXR)).int4(offsetOf(zVDR) + 24, 20)),
  {
    code: "format",
    record: "VXR",
    offset: offsetOf(VXR),
    says: "several records lead to it",
  },
);
rejects("with a record of 2^63 - 1 bytes", change((p) => p.int8(offsetOf(GDR), 2n ** 63n - 1n)), {
  code: "truncated",
  record: "GDR",
  offset: offsetOf(GDR),
  says: "and the file 7868",
});
rejects("with an offset of 2^63 - 1", change((p) => p.int8(offsetOf(CDR) + 12, 2n ** 63n - 1n)), {
  code: "truncated",
  record: "GDR",
  offset: Number(2n ** 63n - 1n),
  says: "the file has 7868 bytes",
});
rejects("with a record of another type", change((p) => p.int4(offsetOf(GDR) + 8, 77)), {
  code: "format",
  record: "GDR",
  offset: offsetOf(GDR),
  says: "has the type 77",
});
rejects("with a control character in a name", change((p) => p.int4(offsetOf(zVDR, 1) + 84, 0x761b_5b32)), {
  code: "format",
  record: "zVDR",
  offset: offsetOf(zVDR, 1),
  says: "control character",
});
Deno.test("IA64VMSi, which no writer at hand has, is read as the other little-endian encodings", async () => {
  const vms = await openCdf(change((p) => p.int4(offsetOf(CDR) + 28, 19)));
  const pc = await openCdf(EXAMPLE);
  assertEquals([vms.encoding, pc.encoding], ["IA64VMSi", "IBMPC"]);
  assertEquals(await vms.read("vectors"), await pc.read("vectors"));
});

for (
  const [encoding, name] of [[3, "VAX"], [14, "ALPHAVMSd"], [15, "ALPHAVMSg"], [20, "IA64VMSd"], [
    21,
    "IA64VMSg",
  ]] as const
) {
  rejects(
    `with VAX numbers of the encoding ${name}, by its name`,
    change((p) => p.int4(offsetOf(CDR) + 28, encoding)),
    {
      code: "unsupported",
      record: "CDR",
      offset: 8,
      says: `the encoding ${name} `,
    },
  );
}
rejects("whose values are in other files", change((p) => p.int4(offsetOf(CDR) + 32, 1)), {
  code: "unsupported",
  record: "CDR",
  offset: 8,
  says: "multi-file",
});
rejects("with a data type that does not exist", change((p) => p.int4(offsetOf(zVDR) + 20, 99)), {
  code: "format",
  record: "zVDR",
  offset: offsetOf(zVDR),
  says: "data type is 99",
});
rejects("with 2 billion records that are not there", change((p) => p.int4(offsetOf(zVDR) + 24, 2_000_000_000)), {
  code: "limit",
  record: "zVDR",
  offset: offsetOf(zVDR),
  says: "raise maxBytes",
});
rejects("with 3 million records that are not there", change((p) => p.int4(offsetOf(zVDR) + 24, 3_000_000)), {
  code: "limit",
  record: "zVDR",
  offset: offsetOf(zVDR),
  says: "missing in the file",
});
rejects("with 2^30 attributes", change((p) => p.int4(offsetOf(GDR) + 48, 2 ** 30).int8(offsetOf(ADR, 3) + 12, 8)), {
  code: "format",
  record: "ADR",
  offset: 8,
  says: "type 1",
});
rejects(
  "with blocks that overlap",
  change((p) => {
    const index = offsetOf(VXR);
    // Two entries: for the records 0 to 5 and 3 to 11.
    const block = p.view.getBigInt64(index + 28 + 8 * 7);
    return p.int4(index + 24, 2).int4(index + 32, 3).int4(index + 28 + 4 * 7, 5).int4(index + 32 + 4 * 7, 11)
      .int8(index + 36 + 8 * 7, block);
  }),
  { code: "format", record: "VXR", offset: offsetOf(VXR), says: "record 3 is in two blocks" },
);
rejects(
  "with Huffman compression, by its name",
  compressFirst(ramp(100), new Uint8Array(50), 2),
  {
    code: "unsupported",
    record: "CVVR",
    offset: 1232,
    says: "Huffman",
  },
);
rejects("with GZIP data that is none", compressFirst(ramp(100), new Uint8Array(50)), {
  code: "format",
  record: "CVVR",
  offset: 1232,
  says: "cannot be decompressed",
});
rejects(
  "with GZIP data that has too few bytes",
  async () => compressFirst(ramp(100), await gzip(new Uint8Array(399))),
  {
    code: "format",
    record: "CVVR",
    offset: 1232,
    says: "has 399 bytes",
  },
);
rejects("with a decompression bomb", async () => compressFirst(ramp(100), await gzip(new Uint8Array(50_000_000))), {
  code: "format",
  record: "CVVR",
  offset: 1232,
  says: "cannot be decompressed",
});
rejects("that claims more than GZIP can compress", compressFirst(ramp(500_000), new Uint8Array(50)), {
  code: "format",
  record: "CVVR",
  offset: 2_000_832,
  says: "of 50 bytes cannot be 2000000 bytes in full",
});
rejects("with a large block that is cut off", async () => {
  const bytes = new Uint8Array(new Int32Array(2_000_000).map((_, index) => index * 7).buffer);
  const packed = await gzip(bytes);
  return compressFirst(ramp(2_000_000), packed.subarray(0, packed.length / 2));
}, { code: "format", record: "CVVR", offset: 8_000_832, says: "GZIP data" });
rejects("that claims to be huge when decompressed", new Patch(WHOLE).int8(8 + 20, 2 ** 40).bytes, {
  code: "limit",
  record: "CCR",
  offset: 8,
  says: "raise maxBytes",
});
rejects("that is compressed, and damaged", new Patch(WHOLE).int4(100, 0).bytes, {
  code: "format",
  record: "CCR",
  offset: 8,
  says: "cannot be decompressed",
});

Deno.test("a large compressed block is decompressed piece by piece, from any record on", async () => {
  const count = 2_000_000;
  const values = Int32Array.from({ length: count }, (_, index) => (index * 2_654_435_761) >> (index % 20));
  const file = compressFirst(ramp(count), await gzip(new Uint8Array(values.buffer)));
  const cdf = await openCdf(file);
  assertEquals(cdf.variable("ramp").compression, "GZIP");
  const { values: some } = await cdf.read("ramp", { start: 1_500_000, end: 1_500_003 });
  assertEquals(some, values.slice(1_500_000, 1_500_003));
  let [at, same] = [0, true];
  for await (const { start, values: chunk } of cdf.chunks("ramp")) {
    assertEquals(start, at);
    if (!(chunk instanceof Int32Array)) throw new Error("The type is another one");
    same = same && chunk.every((value, index) => value === values[start + index]);
    at += chunk.length;
  }
  assertEquals([at, same], [count, true]);
});
