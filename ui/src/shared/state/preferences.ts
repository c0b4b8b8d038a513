/** The device's preferences, loaded once before the first paint and written through. */
import { useSyncExternalStore } from "react";
import { platform } from "../../platform";
import { type Preferences, preferenceDefaults } from "../../platform/types";

let current: Preferences = preferenceDefaults;
const listeners = new Set<() => void>();

/** Loads them. What cannot be loaded has its default: a broken file must not keep the app from starting. */
export async function loadPreferences(): Promise<void> {
  current = await platform()
    .preferences.load()
    .catch(() => preferenceDefaults);
  for (const listener of listeners) listener();
}

export const preferences = (): Preferences => current;

/** Changes one. It holds at once; that it could not be kept for the next start is not worth an interruption. */
export function setPreference<Key extends keyof Preferences>(key: Key, value: Preferences[Key]): void {
  current = { ...current, [key]: value };
  for (const listener of listeners) listener();
  void platform()
    .preferences.set(key, value)
    .catch(() => {});
}

export function usePreference<Key extends keyof Preferences>(key: Key): Preferences[Key] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current[key],
  );
}
