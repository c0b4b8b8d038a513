/** Live updates: the engine says what changed, and what is on the screen of it is read again. */
import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { type Change, platform } from "../platform";
import { staleAfter } from "./keys";

/** At most so often: a flood of webhooks must not become a flood of queries. */
const PAUSE_MS = 500;

let connected = true;
const connectionListeners = new Set<() => void>();
const changeListeners = new Set<(changes: Change[]) => void>();

/** Starts listening; the returned function ends it. */
export function startLiveUpdates(client: QueryClient): () => void {
  let waiting: Change[] = [];
  let timer: ReturnType<typeof setTimeout> | undefined;
  let running = false;

  const flush = async () => {
    timer = undefined;
    const changes = waiting;
    waiting = [];
    running = true;
    const stale = staleAfter(changes);
    if (stale === null) await client.invalidateQueries();
    else await Promise.all(stale.map((queryKey) => client.invalidateQueries({ queryKey })));
    running = false;
    schedule();
  };
  // The next round begins only after the queries of this one were answered: a slow machine is asked less often.
  const schedule = () => {
    if (waiting.length > 0 && !timer && !running) timer = setTimeout(flush, PAUSE_MS);
  };

  const stop = platform().changes(
    (changes) => {
      for (const listener of changeListeners) listener(changes);
      waiting.push(...changes);
      schedule();
    },
    (now) => {
      connected = now;
      for (const listener of connectionListeners) listener();
    },
  );
  return () => {
    stop();
    waiting = [];
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
