import { ConnectionError, InputError, ProtocolError, ResponseError } from "../../src/errors.ts";
import { Webpoda } from "../../src/client/webpoda.ts";
import { testTransport } from "../support/client.ts";
import { testFolder } from "../support/folder.ts";
import { bodyOf, fakeWebpoda, TOKEN } from "./fake_webpoda.ts";
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";

const SPAN = { from: "2026-01-01T00:00:00.000000", to: "2026-01-02T00:00:00.000000" };
const of = (apids: readonly number[]) => ({ apids, span: SPAN, signal: undefined, prepare: () => {} });

Deno.test("Webpoda.writePackets() writes the APIDs in their order, and sends the requests that webpoda expects", async () => {
  await using folder = await testFolder();
  await using fake = fakeWebpoda(({ apid }) => new Response(bodyOf([`<${apid}`, ">"])));
  const path = `${folder.path}/a/b/part`;
  const prepare = () => Deno.mkdirSync(`${folder.path}/a/b`, { recursive: true });
  assertEquals(await fake.webpoda.writePackets({ ...of([1068, 1052, 7]), prepare }, path), 15);
  assertEquals(await Deno.readTextFile(path), "<1068><1052><7>");
  const expression = "time>=2026-01-01T00:00:00.000000&time<2026-01-02T00:00:00.000000&project(packet)";
  assertEquals(fake.asked[0], { apid: 1068, form: "bin", expression, authorization: `Basic ${TOKEN}` });
  assert(fake.server.requests.every(({ headers }) => headers.get("x-api-key") === null));
});

Deno.test("Webpoda.writePackets() creates no file and no folder if there are no packets", async () => {
  await using folder = await testFolder();
  await using fake = fakeWebpoda(() => new Response(null));
  assertEquals(await fake.webpoda.writePackets(of([1, 2]), `${folder.path}/a/part`), 0);
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("Webpoda.writePackets() fetches an APID again from its start if its stream breaks off", async () => {
  await using folder = await testFolder();
  let tries = 0;
  await using fake = fakeWebpoda(({ apid }) => {
    if (apid === 2 && tries++ === 0) return new Response(bodyOf(["much longer than ", "the rest"], { breaks: true }));
    return new Response(`<${apid}>`);
  }, { retries: 2 });
  assertEquals(await fake.webpoda.writePackets(of([1, 2, 3]), `${folder.path}/part`), 9);
  assertEquals(await Deno.readTextFile(`${folder.path}/part`), "<1><2><3>");
  assertEquals(fake.asked.map(({ apid }) => apid), [1, 2, 2, 3]);
});

Deno.test("Webpoda.writePackets() times out when a stream stalls", async () => {
  await using folder = await testFolder();
  const ends: (() => void)[] = [];
  await using fake = fakeWebpoda(() => {
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(new Uint8Array(3));
        ends.push(() => controller.close());
      },
    });
    return new Response(body);
  }, { timeoutMs: 1_000 });
  await assertRejects(
    () => fake.webpoda.writePackets(of([1]), `${folder.path}/part`),
    ConnectionError,
    "sent next to nothing for 1 s",
  );
  for (const end of ends) end();
});

Deno.test("a wrong token is reported once, without the token, and not retried", async () => {
  await using folder = await testFolder();
  await using fake = fakeWebpoda(() => new Response(`no ${TOKEN}`, { status: 401 }), { retries: 3 });
  const error = await assertRejects(() => fake.webpoda.writePackets(of([1]), `${folder.path}/part`), ResponseError);
  assert(error.message.includes("check the webpoda token (IMAP_WEBPODA_TOKEN)"));
  assert(!error.message.includes(TOKEN));
  assertEquals(fake.asked.length, 1);
});

Deno.test("the token and the password are not shown when webpoda echoes them", async () => {
  await using folder = await testFolder();
  await using fake = fakeWebpoda(() => new Response(`bad ${TOKEN} of user:hunter2`, { status: 400 }));
  const error = await assertRejects(() => fake.webpoda.writePackets(of([1]), `${folder.path}/part`), ResponseError);
  assert(error.message.includes("bad [secret]"));
  assert(!error.message.includes("hunter2") && !error.message.includes(TOKEN));
});

Deno.test("redirects and web pages are rejected, and the token is not sent elsewhere", async () => {
  await using folder = await testFolder();
  await using other = fakeWebpoda(() => new Response("packets"));
  const answers = [
    () => Response.redirect(`${other.url}/login`),
    () => new Response("<h1>Log in</h1>", { headers: { "content-type": "text/html; charset=utf-8" } }),
  ];
  for (const answer of answers) {
    await using fake = fakeWebpoda(answer);
    const write = () => fake.webpoda.writePackets(of([1]), `${folder.path}/part`);
    await assertRejects(write, ProtocolError, "is it webpoda's address?");
  }
  assertEquals([other.asked.length, await folder.files()], [0, []]);
});

Deno.test("Webpoda requires a token that is the base64 of user:password, and does not show a wrong one", () => {
  const { transport } = testTransport("http://127.0.0.1:1");
  for (const webpodaToken of [undefined, "user:hunter2", btoa("hunter2")]) {
    try {
      new Webpoda(transport, { webpodaUrl: "http://127.0.0.1:1", webpodaToken });
      throw new Error("it was taken");
    } catch (error) {
      assert(error instanceof InputError && error.message.includes("IMAP_WEBPODA_TOKEN"));
      assert(webpodaToken === undefined || !error.message.includes(webpodaToken));
    }
  }
});

Deno.test("Webpoda does not send the token over plain HTTP to the internet", () => {
  const { transport } = testTransport("http://127.0.0.1:1");
  for (const webpodaUrl of ["http://lasp.colorado.edu", "http://8.8.8.8:8000"]) {
    const create = () => new Webpoda(transport, { webpodaUrl, webpodaToken: TOKEN });
    const { message } = assertThrows(create, InputError, "Cannot send the webpoda token to http://");
    assert(!message.includes(TOKEN));
  }
  for (const webpodaUrl of ["https://lasp.colorado.edu", "http://127.0.0.1:1"]) {
    new Webpoda(transport, { webpodaUrl, webpodaToken: TOKEN });
  }
});

Deno.test("Webpoda.packetTimes() does not show the token if webpoda returns it instead of a time", async () => {
  for (const text of [TOKEN, "hunter2", `${"x".repeat(55)}${TOKEN}`]) {
    await using fake = fakeWebpoda(() => new Response(`${text}\n`));
    const read = () => fake.webpoda.packetTimes({ apids: [1], received: SPAN, signal: undefined }, () => {});
    const { message } = await assertRejects(read, ProtocolError, "instead of a time");
    assert(![TOKEN.slice(0, 5), "hunter2"].some((secret) => message.includes(secret)), message);
  }
});

Deno.test("Webpoda.packetTimes() reports each time, however the text is split into chunks", async () => {
  const text = "2026-01-01T00:00:01\r\n2026-01-01T00:00:02\r\n\r\n2026-01-01T00:00:03";
  await using fake = fakeWebpoda(({ apid }) => new Response(bodyOf(apid === 1 ? [...text] : [])));
  const times: string[] = [];
  const request = { apids: [1, 2], received: SPAN, signal: undefined };
  await fake.webpoda.packetTimes(request, (time) => times.push(time));
  assertEquals(times, ["2026-01-01T00:00:01", "2026-01-01T00:00:02", "2026-01-01T00:00:03"]);
  assertEquals(fake.asked.map(({ form, expression }) => [form, expression.split("&").slice(0, 2).join(" ")]), [
    ["txt", "ert>=2026-01-01T00:00:00.000000 ert<2026-01-02T00:00:00.000000"],
    ["txt", "ert>=2026-01-01T00:00:00.000000 ert<2026-01-02T00:00:00.000000"],
  ]);
  assert(fake.asked[0]?.expression.endsWith(`&project(time)&formatTime("yyyy-MM-dd'T'HH:mm:ss")`));
});

Deno.test("Webpoda.packetTimes() accepts a leap second, and no time that does not exist", async () => {
  const read = async (text: string) => {
    await using fake = fakeWebpoda(() => new Response(text));
    const times: string[] = [];
    await fake.webpoda.packetTimes({ apids: [1], received: SPAN, signal: undefined }, (time) => times.push(time));
    return times;
  };
  assertEquals(await read("2016-12-31T23:59:60\n"), ["2016-12-31T23:59:60"]);
  const impossible = ["2026-02-30T00:00:00", "9999-99-99T00:00:00", "2026-01-01T24:00:00", "2026-01-01T00:60:00"];
  for (const time of [...impossible, "2026-01-01T00:00:61", "2026-01-01T99:99:99"]) {
    await assertRejects(() => read(`${time}\n`), ProtocolError, `webpoda sent "${time}" instead of a time`);
  }
});

Deno.test("Webpoda.packetTimes() rejects text that is not a list of times, without reading all of it", async () => {
  for (const text of ["Error: no such dataset\n", "x".repeat(1_000)]) {
    await using fake = fakeWebpoda(() => new Response(text));
    const read = () => fake.webpoda.packetTimes({ apids: [1], received: SPAN, signal: undefined }, () => {});
    await assertRejects(read, ProtocolError, "instead of a time");
  }
});
