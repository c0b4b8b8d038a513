/** Preferences in the desktop shell's file. */
import { filledPreferences } from "./preferences";
import type { PreferenceStore } from "./types";

/** `read` gives what was ever set, `write` sets one. A preference that has another type than its default is ignored. */
export function desktopPreferences(
  read: () => Promise<Record<string, unknown>>,
  write: (name: string, value: unknown) => Promise<void>,
): PreferenceStore {
  return {
    load: async () => filledPreferences(await read()),
    set: (key, value) => write(key, value),
  };
}
