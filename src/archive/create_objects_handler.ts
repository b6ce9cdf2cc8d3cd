import { answerGet } from "./answer_get.ts";
import { answerPut } from "./answer_put.ts";
import type { Handler } from "./handler.ts";
import type { ObjectStore } from "./object_store.ts";
import { s3Error } from "./s3_error.ts";
import type { UrlSigner } from "./url_signer.ts";

/** What the object store's handler works with. */
export interface ObjectsHandlerOptions {
  /** The files. */
  readonly store: ObjectStore;
  /** The signer that made the addresses. */
  readonly signer: UrlSigner;
  /** Told of what went wrong here, which the caller learns no more of than that it did. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

async function answer(request: Request, { store, signer }: ObjectsHandlerOptions): Promise<Response> {
  const url = URL.parse(request.url);
  if (url === null) return s3Error("InvalidURI");
  if (request.headers.has("authorization")) {
    return s3Error("InvalidArgument", { details: { ArgumentName: "Authorization" } });
  }
  const access = signer.check(request.method, url);
  if (typeof access !== "string") return s3Error(access.code, access);
  return request.method === "PUT"
    ? await answerPut(store, access, request)
    : await answerGet(store, access, request.headers);
}

/**
 * The object store, as strict as S3 with presigned addresses: it knows no credentials but the address itself, and the
 * address fits one method, one object and one span of time. No sockets: a request comes in, a response goes out.
 */
export function createObjectsHandler(options: ObjectsHandlerOptions): Handler {
  return async (request) => {
    try {
      return await answer(request, options);
    } catch (error) {
      options.onError?.(error);
      return s3Error("InternalError");
    }
  };
}
