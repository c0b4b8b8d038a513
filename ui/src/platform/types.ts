import type { EngineState, PageCommand as HostCommand } from "./shell";

export type { EngineState, HostCommand };

/**
 * What the UI needs of its host, whether that is the desktop window or a browser. Nothing outside `platform/` knows which.
 *
 * Two implementations: `http.ts` (the control API on loopback) and `tauri.ts` (the desktop shell's IPC).
 */
export interface Platform {
  /** For differences that a person sees (menus, autostart), never for how data travel. */
  readonly kind: "browser" | "desktop";

  /** Answers a request to the control API (`/api/…`). Rejects only when no answer came at all. */
  fetch(request: Request): Promise<Response>;

  /**
   * Calls `listener` with every list of changes until the returned function is called. Reconnects by itself; after each
   * reconnection the first list says `refresh`. `onConnection` tells whether the engine is being heard.
   */
  changes(listener: (changes: Change[]) => void, onConnection: (connected: boolean) => void): () => void;

  /** Puts text on the clipboard. */
  copyText(text: string): Promise<void>;

  /** Lets the user save a text file. Resolves to false when they changed their mind. */
  saveText(suggestedName: string, text: string): Promise<boolean>;

  /** Opens a web page (`https://…`) outside the app. */
  openExternal(url: string): Promise<void>;

  /** Opens a folder of this machine in the file manager; undefined where the host cannot. */
  readonly openFolder?: (path: string) => Promise<void>;

  /** Preferences of this device: never secrets. */
  readonly preferences: PreferenceStore;

  /** Whether the app starts with the system; undefined where the host cannot. */
  readonly autostart?: { isEnabled(): Promise<boolean>; set(enabled: boolean): Promise<void> };

  /** Calls `listener` with commands that come from outside the page: native menu, deep links, tray. */
  onCommand(listener: (command: HostCommand) => void): () => void;

  /** How the engine's start goes. A browser only ever sees one that runs, or none at all. */
  readonly engine: EngineControl;

  /** Tells the host that something is on the screen. */
  painted(): void;
}

/** One change, as `GET /api/changes` tells it. */
export interface Change {
  what:
    | "refresh"
    | "sources"
    | "destinations"
    | "syncJobs"
    | "endpoints"
    | "events"
    | "executions"
    | "tunnel";
  jobId?: string;
}

export interface EngineControl {
  /** Calls `listener` with the state now and whenever it changes. */
  watch(listener: (state: EngineState) => void): () => void;
  /** Tries to start again after a failure. */
  retry(): Promise<void>;
  /** Ends the app; undefined where that is not the page's to decide. */
  readonly quit?: () => Promise<void>;
}

/** The preferences and their types. A missing one has its default (`preferenceDefaults`). */
export interface Preferences {
  colorScheme: "auto" | "light" | "dark";
  notifications: "failures" | "off";
  keepReceivingWhenClosed: boolean;
  /** The event list's columns that are hidden. */
  hiddenEventColumns: string[];
  /** Width of the event pane in pixels. */
  eventPaneWidth: number;
}

export const preferenceDefaults: Preferences = {
  colorScheme: "auto",
  notifications: "failures",
  keepReceivingWhenClosed: true,
  hiddenEventColumns: [],
  eventPaneWidth: 520,
};

export interface PreferenceStore {
  /** All preferences, defaults filled in. */
  load(): Promise<Preferences>;
  set<Key extends keyof Preferences>(key: Key, value: Preferences[Key]): Promise<void>;
}
