import { connectionError } from "../../src/http/failures.ts";
import { assertEquals, assertStringIncludes } from "@std/assert";

Deno.test("connectionError() shows no URL that the system's message contains", () => {
  const { message } = connectionError("try", "h", new Error("odd thing with https://s3/o?X-Amz-Signature=s3cret here"));
  assertStringIncludes(message, "Cannot try: no response from h: odd thing with");
  assertEquals(message.includes("s3cret"), false);
});
