import type { Option } from "./option.ts";

/** Options of every command, before or behind its name. */
export const GLOBAL_OPTIONS: readonly Option[] = [
  {
    name: "api-key",
    value: "KEY",
    help:
      "API key for the SDC (environment: IMAP_API_KEY); here others can see it in the list of processes, - asks for it",
  },
  { name: "api-key-file", value: "FILE", paths: "files", help: "file that holds the API key" },
  {
    name: "webpoda-token",
    value: "TOKEN",
    help: "base64 of user:password for webpoda (environment: IMAP_WEBPODA_TOKEN); here others can see it too",
  },
  {
    name: "data-dir",
    value: "DIR",
    paths: "folders",
    help: "folder that holds the files (environment: IMAP_DATA_DIR; else this folder)",
  },
  { name: "url", value: "URL", help: "address of the API (environment: IMAP_DATA_ACCESS_URL)" },
  { name: "debug", help: "log each request and decision on standard error" },
  {
    name: "log-format",
    value: "FORMAT",
    choices: ["text", "json"],
    help: "how standard error is written; json is --debug with a JSON object a line",
  },
  { name: "verbose", letter: "v", help: "say more on standard error, such as what is retried and why" },
  { name: "quiet", letter: "q", help: "say nothing on standard error but errors" },
  { name: "version", help: "print the version and stop" },
  { name: "help", letter: "h", help: "print this help and stop" },
];
