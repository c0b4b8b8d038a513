/**
 * The UI in a browser: the control API over loopback HTTP, changes as server-sent events.
 *
 * The token comes in the URL's fragment (`#token=…`), which browsers do not send. It is kept for this tab only, and taken
 * out of the address bar so that it is not in a bookmark or a screenshot. A tab that was opened with a link to a page asks
 * the other tabs of this address for it.
 */
import { localPreferences } from "./preferences";
import { readServerSentEvents } from "./serverSentEvents";
import type { Change, EngineState, Platform } from "./types";

const TOKEN_KEY = "hookline.token";
/** Only pages of this very origin hear each other on it. */
const CHANNEL = "hookline.token";
/** Tabs of one browser answer at once; longer nobody waits for a page without one. */
const BORROW_MS = 300;
const RECONNECT_MS = [500, 1000, 2000, 5000];
/** The server is silent for 15 s at most; after this long without a byte the connection is dead. */
const SILENCE_MS = 40_000;

function takeToken(): string | undefined {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const given = fragment.get("token");
  if (given) {
    sessionStorage.setItem(TOKEN_KEY, given);
    history.replaceState(history.state, "", location.pathname + location.search);
    return given;
  }
  return sessionStorage.getItem(TOKEN_KEY) ?? undefined;
}

/** Asks the other tabs for the token when this one has none. */
export async function borrowToken(): Promise<void> {
  if (takeToken() !== undefined) return;
  const others = new BroadcastChannel(CHANNEL);
  const token = await new Promise<string | undefined>((resolve) => {
    others.onmessage = ({ data }) => {
      if (typeof data?.token === "string") resolve(data.token);
    };
    others.postMessage({ ask: "token" });
    setTimeout(() => resolve(undefined), BORROW_MS);
  });
  others.close();
  if (token !== undefined) sessionStorage.setItem(TOKEN_KEY, token);
}

/** Gives the token to other tabs that ask, as long as the engine takes it. */
function lendToken(token: string, isGood: () => boolean): void {
  const others = new BroadcastChannel(CHANNEL);
  others.onmessage = ({ data }) => {
    if (data?.ask === "token" && isGood()) others.postMessage({ token });
  };
}

export function browserPlatform(): Platform {
  const token = takeToken();
  // A new address put into this very tab differs in its fragment only: the browser itself would not load it.
  addEventListener("hashchange", () => {
    if (new URLSearchParams(location.hash.slice(1)).has("token")) location.reload();
  });
  const engine = engineOf(token);
  if (token !== undefined) lendToken(token, engine.isRunning);

  const send = async (request: Request): Promise<Response> => {
    const headers = new Headers(request.headers);
    headers.set("authorization", `Bearer ${token ?? ""}`);
    const response = await fetch(new Request(request, { headers }));
    if (response.status === 401) engine.refused();
    return response;
  };

  return {
    kind: "browser",
    fetch: send,
    changes(listener, onConnection) {
      const stop = new AbortController();
      void listen(send, stop.signal, listener, onConnection);
      return () => stop.abort();
    },
    copyText: (text) => navigator.clipboard.writeText(text),
    async saveText(suggestedName, text) {
      const url = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
      const link = document.createElement("a");
      link.href = url;
      link.download = suggestedName;
      link.click();
      // The download has begun when the click returns, but the browser still reads from the URL.
      setTimeout(() => URL.revokeObjectURL(url), 60_000);
      return true;
    },
    async openExternal(url) {
      window.open(url, "_blank", "noopener,noreferrer");
    },
    preferences: localPreferences(),
    onCommand: () => () => {},
    engine: engine.control,
    painted: () => {},
  };
}

const NO_TOKEN: EngineState = {
  state: "failed",
  message: "This page was opened without its token.",
  hint: "Open the address that `hookline serve` printed, with #token=… at its end.",
};

const WRONG_TOKEN: EngineState = {
  state: "failed",
  message: "Hookline does not accept this page's token: it was started anew since.",
  hint: "Open the address that `hookline serve` printed last, with #token=… at its end.",
};

function engineOf(token: string | undefined) {
  const listeners = new Set<(state: EngineState) => void>();
  let state: EngineState = token ? { state: "running" } : NO_TOKEN;
  return {
    isRunning: () => state.state === "running",
    refused() {
      if (state.state === "failed") return;
      state = WRONG_TOKEN;
      for (const listener of listeners) listener(state);
    },
    control: {
      watch(listener: (state: EngineState) => void) {
        listeners.add(listener);
        listener(state);
        return () => listeners.delete(listener);
      },
      retry: async () => location.reload(),
    },
  };
}

async function listen(
  send: (request: Request) => Promise<Response>,
  stop: AbortSignal,
  listener: (changes: Change[]) => void,
  onConnection: (connected: boolean) => void,
): Promise<void> {
  for (let failures = 0; !stop.aborted; failures += 1) {
    try {
      const response = await send(new Request(new URL("/api/changes", location.origin), { signal: stop }));
      if (response.ok && response.body) {
        onConnection(true);
        await readServerSentEvents(response.body, SILENCE_MS, (data) => {
          failures = 0;
          listener(JSON.parse(data) as Change[]);
        });
      }
    } catch {
      // Whatever broke off is connected again below.
    }
    if (stop.aborted) return;
    onConnection(false);
    await pause(RECONNECT_MS[Math.min(failures, RECONNECT_MS.length - 1)] ?? 5000, stop);
  }
}

function pause(milliseconds: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    stop.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
