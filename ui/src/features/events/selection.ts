/**
 * The selected events. They outlive filters, live updates, the page and (within this tab) a reload: who has picked forty
 * events from three searches must not lose them to a stray key.
 */
import { useSyncExternalStore } from "react";
import type { Event } from "../../api/schema";

/** What is kept of a selected event. */
export type Selected = Pick<Event, "id" | "jobId" | "providerEventId" | "status" | "sizeBytes">;
export type Selection = ReadonlyMap<string, Selected>;

const KEY = "hookline.selected";
/** More than these are not kept over a reload: the storage is small. */
const MOST_KEPT = 5000;

const listeners = new Set<() => void>();
let current: Selection = restored();

function restored(): Selection {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEY) ?? "[]") as Selected[];
    return new Map(kept.map((event) => [event.id, event]));
  } catch {
    // Unreadable storage must not keep the list from showing.
    return new Map();
  }
}

export const selection = (): Selection => current;

export const useSelection = (): Selection =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => current,
  );

function put(next: Selection): void {
  current = next;
  try {
    if (next.size > MOST_KEPT || next.size === 0) sessionStorage.removeItem(KEY);
    else sessionStorage.setItem(KEY, JSON.stringify([...next.values()]));
  } catch {
    // The selection holds; only a reload would lose it.
  }
  for (const listener of listeners) listener();
}

const kept = ({ id, jobId, providerEventId, status, sizeBytes }: Selected): Selected => ({
  id,
  jobId,
  providerEventId,
  status,
  sizeBytes,
});

export function select(events: readonly Selected[]): void {
  const next = new Map(current);
  for (const event of events) next.set(event.id, kept(event));
  put(next);
}

/** Selects an event, or no longer. */
export function toggleSelected(event: Selected): void {
  const next = new Map(current);
  if (!next.delete(event.id)) next.set(event.id, kept(event));
  put(next);
}

export function deselect(events: readonly Selected[]): void {
  const next = new Map(current);
  for (const { id } of events) next.delete(id);
  if (next.size < current.size) put(next);
}

export const clearSelection = (): void => {
  if (current.size > 0) put(new Map());
};

/** Takes over the states that rows on the screen have by now. */
export function refreshSelected(events: readonly Selected[]): void {
  const changed = events.filter((event) => {
    const known = current.get(event.id);
    return known && known.status !== event.status;
  });
  if (changed.length > 0) select(changed);
}
