import { connectionError } from "../../src/http/failures.ts";
import { apiAccess } from "../../src/http/transport.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";

Deno.test("connectionError() shows no URL that the system's message contains", async () => {
  const api = apiAccess("http://api", { apiKey: undefined, accessToken: undefined });
  const thrown = new Error("odd thing with https://s3/o?X-Amz-Signature=s3cret here");
  const { message } = await connectionError({ action: "try", url: new URL("http://h/o"), api }, thrown);
  assertStringIncludes(message, "Cannot try: no response from h: odd thing with");
  assertEquals(message.includes("s3cret"), false);
});
