/** Live updates: the engine says what changed, and what is on the screen of it is read again. */
import type { QueryClient, QueryKey } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { type Change, platform } from "../platform";
import { staleAfter } from "./keys";

/** At most so often: a flood of webhooks must not become a flood of queries. */
const PAUSE_MS = 500;

/** The beginning of every key. */
const ALL: QueryKey = [];

let connected = true;
const connectionListeners = new Set<() => void>();
const changeListeners = new Set<(changes: Change[]) => void>();

/** Starts listening; the returned function ends it. */
export function startLiveUpdates(client: QueryClient): () => void {
  const waiting = new Map<string, QueryKey>();
  const reading = new Set<string>();
  let timer: ReturnType<typeof setTimeout> | undefined;

  const flush = () => {
    timer = undefined;
    for (const [id, queryKey] of waiting) {
      if (reading.has(id)) continue;
      waiting.delete(id);
      reading.add(id);
      void client.invalidateQueries({ queryKey }).finally(() => {
        reading.delete(id);
        schedule();
      });
    }
  };
  // A key is read again only after it was answered: a slow machine is asked less often, and what gets no answer holds
  // up nothing else.
  const schedule = () => {
    const isDue = [...waiting.keys()].some((id) => !reading.has(id));
    if (isDue && !timer) timer = setTimeout(flush, PAUSE_MS);
  };

  const stop = platform().changes(
    (changes) => {
      for (const listener of changeListeners) listener(changes);
      for (const key of staleAfter(changes) ?? [ALL]) waiting.set(JSON.stringify(key), key);
      schedule();
    },
    (now) => {
      connected = now;
      for (const listener of connectionListeners) listener();
    },
  );
  return () => {
    stop();
    waiting.clear();
    clearTimeout(timer);
  };
}

/** Calls `listener` with every list of changes; for what is more than a query to read again. */
export function onChanges(listener: (changes: Change[]) => void): () => void {
  changeListeners.add(listener);
  return () => changeListeners.delete(listener);
}

/** Whether the engine is being heard. */
export function useConnected(): boolean {
  return useSyncExternalStore(
    (listener) => {
      connectionListeners.add(listener);
      return () => connectionListeners.delete(listener);
    },
    () => connected,
  );
}
