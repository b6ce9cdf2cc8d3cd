// deno-lint-ignore-file no-console -- Its output is read by the test, and by people.
/** Runs an indexer until it is killed. It prints a line when it has started. */
import { Indexer } from "../../src/archive/indexer.ts";
import { PostgresCatalog } from "../../src/archive/postgres_catalog.ts";
import { parseStoreUrl, S3Client } from "../../src/archive/s3.ts";

const variable = (name: string) => Deno.env.get(name) ?? "";
const catalog = await PostgresCatalog.open(variable("DATABASE"), { onError: console.error });
const client = new S3Client({
  location: parseStoreUrl(variable("STORE")),
  credentials: {
    accessKeyId: variable("AWS_ACCESS_KEY_ID"),
    secretAccessKey: variable("AWS_SECRET_ACCESS_KEY"),
  },
});
new Indexer({ catalog, client, onError: console.error }).start();
console.log("started");
