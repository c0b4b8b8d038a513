/**
 * Everything that a person can do from anywhere: the command palette lists it, shortcuts and the native menu call it.
 *
 * A page adds its own actions while it is shown (`useActions`).
 */
import { useEffect, useSyncExternalStore } from "react";

export interface Action {
  /** Unique, such as `events.replay`. */
  id: string;
  /** What it does, as a button would say it: "Replay 14 events". */
  label: string;
  /** Heading in the palette: "Go to", "Event", "Job". */
  group: string;
  /** Mantine's notation, such as `mod+K`; for display, and bound where `bind` is true. */
  hotkey?: string;
  /** More words by which it is found. */
  keywords?: string;
  run: () => void;
}

const registered = new Map<symbol, Action[]>();
const listeners = new Set<() => void>();
let all: Action[] = [];

function publish(): void {
  // What was registered last stands first: the page's own actions before those of the app.
  all = [...registered.values()].reverse().flat();
  for (const listener of listeners) listener();
}

/** Offers these actions while the caller is mounted. Memoise the list. */
export function useActions(actions: Action[]): void {
  useEffect(() => {
    const key = Symbol("actions");
    registered.set(key, actions);
    publish();
    return () => {
      registered.delete(key);
      publish();
    };
  }, [actions]);
}

/** All actions that there are now. */
export function useAllActions(): Action[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => all,
  );
}

/** Runs an action by its id, if there is one now. */
export function runAction(id: string): void {
  all.find((action) => action.id === id)?.run();
}
