import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { desktopPlatform } from "./tauri";
import { type HostCommand, preferenceDefaults } from "./types";

/** Stands in for the shell: answers commands, and speaks through the channel that the page subscribed with. */
class Shell {
  readonly answers = new Map<string, (args: Record<string, unknown>) => unknown>([
    ["subscribe", () => null],
    ["autostart", () => false],
  ]);
  readonly asked: { command: string; args: Record<string, unknown> }[] = [];
  private said = 0;

  readonly internals = {
    transformCallback: (callback: (message: unknown) => void) => {
      this.callback = callback;
      return 1;
    },
    unregisterCallback: () => {},
    invoke: async (command: string, args: Record<string, unknown>) => {
      this.asked.push({ command, args });
      const answer = this.answers.get(command);
      if (!answer) throw new Error(`the shell has no command ${command}`);
      return answer(args);
    },
  };

  private callback: (message: unknown) => void = () => {};

  say(message: unknown): void {
    this.callback({ message, index: this.said });
    this.said += 1;
  }
}

let shell: Shell;

beforeEach(() => {
  shell = new Shell();
  vi.stubGlobal("__TAURI_INTERNALS__", shell.internals);
});

afterEach(() => vi.unstubAllGlobals());

const API = "tauri://localhost/api";

describe("requests", () => {
  it("pass through the shell and are answered as by fetch", async () => {
    shell.answers.set("request", () => ({
      status: 409,
      contentType: "application/json",
      body: '{"error":{"code":"conflict","message":"no"}}',
    }));
    const platform = await desktopPlatform();
    const request = new Request(`${API}/sources?x=1`, { method: "POST", body: '{"name":"Shop"}' });
    const response = await platform.fetch(request);
    expect(response.status).toBe(409);
    expect(await response.json()).toEqual({ error: { code: "conflict", message: "no" } });
    expect(shell.asked.at(-1)).toEqual({
      command: "request",
      args: { method: "POST", path: "/api/sources?x=1", body: '{"name":"Shop"}' },
    });
  });

  it("may have no body in either direction", async () => {
    shell.answers.set("request", () => ({ status: 204, contentType: null, body: null }));
    const platform = await desktopPlatform();
    const response = await platform.fetch(new Request(`${API}/sources/a`, { method: "DELETE" }));
    expect(response.status).toBe(204);
    expect(await response.text()).toBe("");
    expect(shell.asked.at(-1)?.args.body).toBeNull();
  });

  it("reject at once when they are aborted", async () => {
    shell.answers.set("request", () => new Promise(() => {}));
    const platform = await desktopPlatform();
    const abort = new AbortController();
    const response = platform.fetch(new Request(`${API}/status`, { signal: abort.signal }));
    abort.abort();
    await expect(response).rejects.toHaveProperty("name", "AbortError");
  });
});

describe("what the shell says", () => {
  it("reaches every listener of changes, which first reads everything again", async () => {
    const platform = await desktopPlatform();
    shell.say({ kind: "engine", state: { state: "running" } });
    const heard: unknown[] = [];
    const connections: boolean[] = [];
    const stop = platform.changes(
      (changes) => heard.push(changes),
      (connected) => connections.push(connected),
    );
    shell.say({ kind: "changes", changes: [{ what: "events", jobId: "a" }] });
    stop();
    shell.say({ kind: "changes", changes: [{ what: "sources" }] });
    expect(heard).toEqual([[{ what: "refresh" }], [{ what: "events", jobId: "a" }]]);
    expect(connections).toEqual([true]);
  });

  it("waits for somebody who does it", async () => {
    const platform = await desktopPlatform();
    const command: HostCommand = { kind: "navigate", path: "/events/a/1" };
    shell.say({ kind: "command", command });
    const heard: HostCommand[] = [];
    platform.onCommand((given) => heard.push(given));
    shell.say({ kind: "command", command: { kind: "action", id: "palette" } });
    expect(heard).toEqual([command, { kind: "action", id: "palette" }]);
  });

  it("tells of the engine now and later", async () => {
    const platform = await desktopPlatform();
    const states: string[] = [];
    platform.engine.watch(({ state }) => states.push(state));
    shell.say({ kind: "engine", state: { state: "failed", message: "the port is taken" } });
    expect(states).toEqual(["starting", "failed"]);
  });
});

describe("the system", () => {
  it("offers no autostart where the shell cannot do it", async () => {
    shell.answers.set("autostart", () => null);
    expect((await desktopPlatform()).autostart).toBeUndefined();
  });

  it("keeps preferences, and ignores those of another type", async () => {
    shell.answers.set("preferences", () => ({
      colorScheme: "dark",
      keepReceivingWhenClosed: 1,
      hiddenEventColumns: {},
      other: 2,
    }));
    shell.answers.set("set_preference", () => null);
    const { preferences } = await desktopPlatform();
    expect(await preferences.load()).toEqual({ ...preferenceDefaults, colorScheme: "dark" });
    await preferences.set("keepReceivingWhenClosed", false);
    expect(shell.asked.at(-1)?.args).toEqual({ name: "keepReceivingWhenClosed", value: false });
  });
});
