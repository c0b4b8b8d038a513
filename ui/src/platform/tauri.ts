/**
 * The UI in the desktop window: the shell's commands over Tauri's IPC. The only file that imports @tauri-apps.
 *
 * One channel (`subscribe`) brings everything that the shell has to say; requests to the control API pass through one
 * command (`request`), so that types and errors are the same as over HTTP. See `src-tauri/shell/`.
 */
import { Channel, invoke } from "@tauri-apps/api/core";
import { desktopPreferences } from "./desktopPreferences";
import type { Answer, EngineState, Message, PageCommand } from "./shell";
import type { Change, Platform } from "./types";

const NO_BODY = new Set([204, 205, 304]);
const REFRESH: Change[] = [{ what: "refresh" }];

/** Connects to the shell. */
export async function desktopPlatform(): Promise<Platform> {
  const changes = new Set<{
    changed: (changes: Change[]) => void;
    connected: (connected: boolean) => void;
  }>();
  const states = new Set<(state: EngineState) => void>();
  const commands = new Set<(command: PageCommand) => void>();
  const waiting: PageCommand[] = [];
  let engine: EngineState = { state: "starting" };

  const hear = (message: Message): void => {
    switch (message.kind) {
      case "changes":
        for (const listener of changes) listener.changed(message.changes);
        break;
      case "engine":
        engine = message.state;
        for (const listener of states) listener(engine);
        for (const listener of changes) listener.connected(engine.state === "running");
        break;
      case "command":
        if (commands.size === 0) waiting.push(message.command);
        for (const listener of commands) listener(message.command);
        break;
    }
  };

  await invoke("subscribe", { channel: new Channel<Message>(hear) });
  const startsWithSystem = await invoke<boolean | null>("autostart");

  return {
    kind: "desktop",
    fetch: answerOf,
    changes(changed, connected) {
      const listener = { changed, connected };
      changes.add(listener);
      connected(engine.state === "running");
      changed(REFRESH);
      return () => changes.delete(listener);
    },
    copyText: (text) => invoke("copy_text", { text }),
    saveText: (suggestedName, text) => invoke<boolean>("save_text", { suggestedName, text }),
    openExternal: (url) => invoke("open_external", { url }),
    openFolder: (path) => invoke("open_folder", { path }),
    preferences: desktopPreferences(
      () => invoke<Record<string, unknown>>("preferences"),
      (name, value) => invoke("set_preference", { name, value }),
    ),
    ...(startsWithSystem !== null && {
      autostart: {
        isEnabled: async () => (await invoke<boolean | null>("autostart")) ?? false,
        set: (enabled: boolean) => invoke<void>("set_autostart", { enabled }),
      },
    }),
    onCommand(listener) {
      commands.add(listener);
      for (const command of waiting.splice(0)) listener(command);
      return () => commands.delete(listener);
    },
    engine: {
      watch(listener) {
        states.add(listener);
        listener(engine);
        return () => states.delete(listener);
      },
      retry: () => invoke("retry_start"),
      quit: () => invoke("quit_app"),
    },
    painted() {
      void invoke("painted");
    },
  };
}

async function answerOf(request: Request): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  const text = await request.text();
  const answer = await unlessAborted(
    request.signal,
    invoke<Answer>("request", {
      method: request.method,
      path: pathname + search,
      body: text === "" ? null : text,
    }),
  );
  return new Response(NO_BODY.has(answer.status) ? null : answer.body, {
    status: answer.status,
    headers: answer.contentType === null ? {} : { "content-type": answer.contentType },
  });
}

/** Rejects as `fetch` does when the signal is aborted. What the engine has begun it ends all the same. */
function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
