/**
 * The control API, typed from its OpenAPI description (`schema.d.ts`, made by `npm run api-types` from the engine's own).
 *
 * `call` turns every answer that is not a success into an `ApiError`, so that callers read data or catch one kind of error.
 */
import createClient, { type FetchResponse } from "openapi-fetch";
import { platform } from "../platform";
import type { paths } from "./schema";
import { sentence } from "./sentence";

/** The only workspace that there is until workspaces can be made. */
export const WORKSPACE = "default";

/** Typed requests; each result is to be given to `call`. */
export const api = createClient<paths>({
  // In the window no network is used at all; the host reads the path only.
  baseUrl: location.protocol.startsWith("http") ? location.origin : "http://hookline.localhost",
  fetch: (request) => platform().fetch(request.method === "GET" ? bounded(request) : request),
});

/** The engine gives up what takes a destination longer than 30 s: a read that has no answer by then will get none. */
const READ_MS = 40_000;

/** A read that is given up some day: what waits for it must not wait for ever. */
function bounded(request: Request): Request {
  const stop = new AbortController();
  const abort = () => stop.abort(request.signal.reason);
  if (request.signal.aborted) abort();
  request.signal.addEventListener("abort", abort);
  setTimeout(() => stop.abort(new DOMException("no answer", "TimeoutError")), READ_MS);
  return new Request(request, { signal: stop.signal });
}

/** Why a request failed: words for people, a code and a field for programs. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly hint: string | undefined;
  readonly field: string | undefined;

  constructor(
    status: number,
    detail: { code: string; message: string; hint?: string | null; field?: string | null },
  ) {
    super(detail.message);
    this.name = "ApiError";
    this.status = status;
    this.code = detail.code;
    this.hint = detail.hint ?? undefined;
    this.field = detail.field ?? undefined;
  }
}

/** The data of an answer, or an `ApiError`. */
// biome-ignore lint/suspicious/noExplicitAny: openapi-fetch's own type parameters have these bounds
export async function call<T extends Record<string | number, any>, O, M extends `${string}/${string}`>(
  request: Promise<FetchResponse<T, O, M>>,
): Promise<NonNullable<FetchResponse<T, O, M>["data"]>> {
  let answer: FetchResponse<T, O, M>;
  try {
    answer = await request;
  } catch (cause) {
    if (cause instanceof DOMException && cause.name === "AbortError") throw cause;
    throw new ApiError(0, {
      code: "unreachable",
      message: "Hookline's engine does not answer.",
      hint: "It may have been stopped. Start it again, then try once more.",
    });
  }
  if (answer.error !== undefined || !answer.response.ok) {
    throw new ApiError(answer.response.status, detailOf(answer.error, answer.response.status));
  }
  return answer.data as NonNullable<FetchResponse<T, O, M>["data"]>;
}

function detailOf(body: unknown, status: number) {
  const error = (
    body as { error?: { code?: string; message?: string; hint?: string; field?: string } } | undefined
  )?.error;
  return {
    code: error?.code ?? "unknown",
    message: error?.message ?? `The engine answered ${status} without saying why.`,
    hint: error?.hint ?? null,
    field: error?.field ?? null,
  };
}

/** What to say of any error that was caught. */
export function describeError(error: unknown): { message: string; hint: string | undefined } {
  if (error instanceof ApiError) return { message: sentence(error.message), hint: error.hint };
  return { message: sentence(error instanceof Error ? error.message : String(error)), hint: undefined };
}
