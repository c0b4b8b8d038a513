import { describe, expect, it, vi } from "vitest";
import { setPlatformForTests } from "../platform";
import { fakeHost } from "../test/render";
import { ApiError, api, call, describeError } from "./client";

/** What comes of `GET /api/status` when the engine answers so. */
async function outcome(answer: () => Response | Promise<Response>): Promise<unknown> {
  setPlatformForTests({ ...fakeHost({}), fetch: async () => answer() });
  return call(api.GET("/api/status")).catch((error: unknown) => error);
}

const json = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { "content-type": "application/json" } });

describe("call", () => {
  it("gives the data of a success", async () => {
    expect(await outcome(() => json(200, { version: "1" }))).toEqual({ version: "1" });
  });

  it("gives nothing where the engine answers without a body", async () => {
    expect(await outcome(() => new Response(null, { status: 204 }))).toBeUndefined();
  });

  it("turns the engine's error into one with its code, words, hint and field", async () => {
    const error = await outcome(() =>
      json(400, {
        error: { code: "invalid_request", message: "`name` is too long", hint: "Shorten it.", field: "name" },
      }),
    );
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 400,
      code: "invalid_request",
      message: "`name` is too long",
      hint: "Shorten it.",
      field: "name",
    });
  });

  it("leaves hint and field away where there are none", async () => {
    const error = (await outcome(() =>
      json(404, { error: { code: "not_found", message: "gone", hint: null } }),
    )) as ApiError;
    expect(error.hint).toBeUndefined();
    expect(error.field).toBeUndefined();
  });

  it("says the status of an error that is not in the engine's shape", async () => {
    for (const body of ["", "<html>", "null", '{"message":"x"}', "[]"]) {
      const error = await outcome(() => new Response(body, { status: 502 }));
      expect(error, body).toMatchObject({ status: 502, code: "unknown" });
      expect((error as ApiError).message).toContain("502");
    }
  });

  it("says that the engine does not answer when no answer comes", async () => {
    const error = await outcome(() => Promise.reject(new TypeError("Failed to fetch")));
    expect(error).toMatchObject({ status: 0, code: "unreachable", hint: expect.any(String) });
  });

  it("gives a read up that is never answered, but nothing that changes something", async () => {
    vi.useFakeTimers();
    const ended: string[] = [];
    setPlatformForTests({
      ...fakeHost({}),
      fetch: (request) =>
        new Promise((_resolve, reject) => {
          request.signal.addEventListener("abort", () => reject(request.signal.reason));
        }),
    });
    const watch = (request: Promise<unknown>) => request.catch((error) => ended.push(error.code));
    void watch(call(api.GET("/api/status")));
    void watch(call(api.POST("/api/maintenance/check")));
    await vi.advanceTimersByTimeAsync(39_000);
    expect(ended).toEqual([]);
    await vi.advanceTimersByTimeAsync(600_000);
    expect(ended).toEqual(["unreachable"]);
    vi.useRealTimers();
  });

  it("passes on that a request was given up", async () => {
    const given = new DOMException("aborted", "AbortError");
    expect(await outcome(() => Promise.reject(given))).toBe(given);
  });
});

describe("describeError", () => {
  it("makes a sentence of the engine's message and keeps the hint", () => {
    const error = new ApiError(424, {
      code: "x",
      message: "connection refused at 127.0.0.1",
      hint: "Start it.",
    });
    expect(describeError(error)).toEqual({ message: "Connection refused at 127.0.0.1.", hint: "Start it." });
  });

  it("does not end a sentence twice", () => {
    for (const message of ["Done.", "Why?", "Wait…", "Stop!"]) {
      expect(describeError(new Error(message)).message).toBe(message);
    }
  });

  it("describes whatever was thrown", () => {
    expect(describeError("no room").message).toBe("No room.");
    expect(describeError(undefined).message).toBe("Undefined.");
  });
});
