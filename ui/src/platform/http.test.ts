import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { borrowToken, browserPlatform } from "./http";
import type { Change, EngineState } from "./types";

/** A stream of server-sent events that the test writes. */
function stream() {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  return {
    response: new Response(readable, { headers: { "content-type": "text/event-stream" } }),
    write: (text: string) => writer.write(new TextEncoder().encode(text)),
    end: () => writer.close(),
  };
}

const fetchMock = vi.fn<typeof fetch>();

/** The request that was sent at this point in the order. */
function sent(index: number): Request {
  const request = fetchMock.mock.calls[index]?.[0];
  if (!(request instanceof Request)) throw new Error(`there was no request ${index}`);
  return request;
}

function statesOf(platform: ReturnType<typeof browserPlatform>): EngineState[] {
  const states: EngineState[] = [];
  platform.engine.watch((state) => states.push(state));
  return states;
}

beforeEach(() => {
  sessionStorage.clear();
  history.replaceState(null, "", "/");
  fetchMock.mockReset();
  vi.stubGlobal("fetch", fetchMock);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

describe("the token", () => {
  it("is taken out of the address and kept for this tab", async () => {
    history.replaceState(null, "", "/events?q=ada#token=secret-1");
    fetchMock.mockImplementation(async () => new Response("{}"));

    await browserPlatform().fetch(new Request("http://localhost/api/status"));

    expect(location.pathname + location.search + location.hash).toBe("/events?q=ada");
    expect(sent(0).headers.get("authorization")).toBe("Bearer secret-1");

    // As after a reload: the address no longer has it.
    await browserPlatform().fetch(new Request("http://localhost/api/status"));
    expect(sent(1).headers.get("authorization")).toBe("Bearer secret-1");
  });

  it("of a newer address replaces the one that was kept", async () => {
    sessionStorage.setItem("hookline.token", "old");
    history.replaceState(null, "", "/#token=new");
    fetchMock.mockImplementation(async () => new Response("{}"));
    await browserPlatform().fetch(new Request("http://localhost/api/status"));
    expect(sent(0).headers.get("authorization")).toBe("Bearer new");
  });

  it("is given to another tab that asks, and not once it is refused", async () => {
    // The pages of the other tests are still there.
    const Channel = BroadcastChannel;
    vi.stubGlobal(
      "BroadcastChannel",
      class extends Channel {
        constructor(name: string) {
          super(`${name} of this test`);
        }
      },
    );
    history.replaceState(null, "", "/#token=lent");
    fetchMock.mockImplementation(async () => new Response("{}", { status: 401 }));
    const first = browserPlatform();
    sessionStorage.clear();
    await borrowToken();
    expect(sessionStorage.getItem("hookline.token")).toBe("lent");

    await first.fetch(new Request("http://localhost/api/status"));
    sessionStorage.clear();
    await borrowToken();
    expect(sessionStorage.getItem("hookline.token")).toBeNull();
  });

  it("that is missing is said, and how to get one", () => {
    expect(statesOf(browserPlatform())).toEqual([
      {
        state: "failed",
        message: expect.stringContaining("without its token"),
        hint: expect.stringContaining("#token="),
      },
    ]);
  });

  it("leaves another fragment in the address alone", () => {
    history.replaceState(null, "", "/settings#about");
    browserPlatform();
    expect(location.hash).toBe("#about");
  });

  it("pasted into the open page starts it anew", () => {
    sessionStorage.setItem("hookline.token", "old");
    browserPlatform();
    const reload = vi.spyOn(location, "reload").mockImplementation(() => {});

    location.hash = "#elsewhere";
    window.dispatchEvent(new HashChangeEvent("hashchange"));
    expect(reload).not.toHaveBeenCalled();

    location.hash = "#token=new";
    window.dispatchEvent(new HashChangeEvent("hashchange"));
    expect(reload).toHaveBeenCalled();
  });
});

describe("a request", () => {
  it("keeps its own headers, method and body", async () => {
    history.replaceState(null, "", "/#token=t");
    fetchMock.mockImplementation(async () => new Response("{}"));
    const request = new Request("http://localhost/api/x", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: '{"a":1}',
    });
    await browserPlatform().fetch(request);
    expect(sent(0).method).toBe("POST");
    expect(sent(0).headers.get("content-type")).toBe("application/json");
    expect(await sent(0).text()).toBe('{"a":1}');
  });

  it("that is answered 401 tells once that the token is not accepted", async () => {
    history.replaceState(null, "", "/#token=old");
    fetchMock.mockImplementation(async () => new Response("{}", { status: 401 }));
    const platform = browserPlatform();
    const states = statesOf(platform);

    expect((await platform.fetch(new Request("http://localhost/api/status"))).status).toBe(401);
    await platform.fetch(new Request("http://localhost/api/status"));

    expect(states).toEqual([
      { state: "running" },
      {
        state: "failed",
        message: expect.stringContaining("does not accept"),
        hint: expect.stringContaining("last"),
      },
    ]);
  });

  it("that fails otherwise leaves the engine running", async () => {
    history.replaceState(null, "", "/#token=t");
    fetchMock.mockImplementation(async () => new Response("{}", { status: 500 }));
    const platform = browserPlatform();
    const states = statesOf(platform);
    await platform.fetch(new Request("http://localhost/api/status"));
    expect(states).toEqual([{ state: "running" }]);
  });

  it("is no longer told of to who stopped watching", async () => {
    history.replaceState(null, "", "/#token=old");
    fetchMock.mockImplementation(async () => new Response("{}", { status: 401 }));
    const platform = browserPlatform();
    const states: EngineState[] = [];
    platform.engine.watch((state) => states.push(state))();
    await platform.fetch(new Request("http://localhost/api/status"));
    expect(states).toEqual([{ state: "running" }]);
  });
});

describe("changes", () => {
  beforeEach(() => history.replaceState(null, "", "/#token=t"));

  /** Waits until something is the case: streams deliver in microtasks and macrotasks of their own. */
  const until = (check: () => void) => vi.waitFor(check, { interval: 1 });

  it("are heard as they come, with the connection's state", async () => {
    const first = stream();
    fetchMock.mockResolvedValueOnce(first.response);
    const heard: Change[][] = [];
    const connected: boolean[] = [];
    const stop = browserPlatform().changes(
      (changes) => heard.push(changes),
      (now) => connected.push(now),
    );
    await until(() => expect(connected).toEqual([true]));
    await first.write('event: changes\ndata: [{"what":"refresh"}]\n\n');
    await until(() => expect(heard).toEqual([[{ what: "refresh" }]]));
    await first.write('data: [{"what":"events","jobId":"j1"}]\n\n');
    await until(() => expect(heard[1]).toEqual([{ what: "events", jobId: "j1" }]));
    stop();
    expect(sent(0).url).toContain("/api/changes");
  });

  it("are connected again after the stream ends, later and later while nothing is heard", async () => {
    vi.useFakeTimers();
    fetchMock.mockRejectedValue(new TypeError("connection refused"));
    const connected: boolean[] = [];
    const stop = browserPlatform().changes(
      () => {},
      (now) => connected.push(now),
    );
    await vi.advanceTimersByTimeAsync(0);
    const attempts: number[] = [fetchMock.mock.calls.length];
    for (const wait of [500, 1000, 2000, 5000, 5000]) {
      await vi.advanceTimersByTimeAsync(wait - 1);
      const before = fetchMock.mock.calls.length;
      await vi.advanceTimersByTimeAsync(1);
      attempts.push(fetchMock.mock.calls.length - before);
    }
    stop();
    expect(attempts).toEqual([1, 1, 1, 1, 1, 1]);
    expect(connected).toEqual([false, false, false, false, false, false]);
  });

  it("are connected anew when the answer is a refusal", async () => {
    vi.useFakeTimers();
    fetchMock.mockImplementation(async () => new Response("", { status: 503 }));
    const connected: boolean[] = [];
    const stop = browserPlatform().changes(
      () => {},
      (now) => connected.push(now),
    );
    await vi.advanceTimersByTimeAsync(500);
    stop();
    expect(fetchMock).toHaveBeenCalledTimes(2);
    expect(connected).toEqual([false, false]);
  });

  it("are no longer heard once stopped", async () => {
    const first = stream();
    fetchMock.mockResolvedValue(first.response);
    const connected: boolean[] = [];
    const stop = browserPlatform().changes(
      () => {},
      (now) => connected.push(now),
    );
    await until(() => expect(connected).toEqual([true]));
    stop();
    await first.end();
    vi.useFakeTimers();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(fetchMock).toHaveBeenCalledTimes(1);
    expect(connected).toEqual([true]);
    expect(sent(0).signal.aborted).toBe(true);
  });
});

it("texts are saved through a download", async () => {
  history.replaceState(null, "", "/#token=t");
  const clicked: { href: string; name: string }[] = [];
  vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
    clicked.push({ href: this.href, name: this.download });
  });
  vi.spyOn(URL, "createObjectURL").mockReturnValue("blob:hookline");
  vi.useFakeTimers();
  const revoke = vi.spyOn(URL, "revokeObjectURL").mockImplementation(() => {});

  expect(await browserPlatform().saveText("events.json", "[]")).toBe(true);

  expect(clicked).toEqual([{ href: "blob:hookline", name: "events.json" }]);
  expect(revoke).not.toHaveBeenCalled();
  vi.runAllTimers();
  expect(revoke).toHaveBeenCalledWith("blob:hookline");
});
