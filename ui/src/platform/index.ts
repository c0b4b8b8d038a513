/** The one place that decides which host the UI runs in. */
import type { Platform } from "./types";

let chosen: Platform | undefined;

/** Chooses the host. To be called once, before anything is shown. */
export async function choosePlatform(): Promise<Platform> {
  if ("__TAURI_INTERNALS__" in globalThis) {
    const { desktopPlatform } = await import("./tauri");
    chosen = await desktopPlatform();
  } else {
    const { borrowToken, browserPlatform } = await import("./http");
    await borrowToken();
    chosen = browserPlatform();
  }
  return chosen;
}

/** Puts another host in its place, for tests. */
export function setPlatformForTests(platform: Platform): void {
  chosen = platform;
}

/** The host. */
export function platform(): Platform {
  if (!chosen) throw new Error("choosePlatform() has not been called");
  return chosen;
}

export type { Change, EngineState, HostCommand, Platform, Preferences } from "./types";
