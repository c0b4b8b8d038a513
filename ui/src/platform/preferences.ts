/** Preferences in the browser's own storage. */
import { type PreferenceStore, type Preferences, preferenceDefaults } from "./types";

const KEY = "hookline.preferences";

export function localPreferences(storage: Storage = localStorage): PreferenceStore {
  const read = (): Preferences => {
    try {
      return filledPreferences(JSON.parse(storage.getItem(KEY) ?? "{}"));
    } catch {
      // Somebody else's text under this key must not keep the app from starting.
      return preferenceDefaults;
    }
  };
  return {
    load: async () => read(),
    async set(key, value) {
      storage.setItem(KEY, JSON.stringify({ ...read(), [key]: value }));
    },
  };
}

/** What was stored, as far as it is of the right type; the rest has its default. */
export function filledPreferences(stored: unknown): Preferences {
  const given = (stored ?? {}) as Record<string, unknown>;
  const known: [string, unknown][] = Object.entries(preferenceDefaults);
  const filled = known.map(([name, fallback]) => {
    const value = given[name];
    return [name, sameType(value, fallback) ? value : fallback];
  });
  return Object.fromEntries(filled) as Preferences;
}

function sameType(value: unknown, fallback: unknown): boolean {
  return (
    typeof value === typeof fallback && Array.isArray(value) === Array.isArray(fallback) && value !== null
  );
}
