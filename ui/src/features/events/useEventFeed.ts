/** The feed of the list that the address describes, kept up to date while it is shown. */
import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import { api, call, WORKSPACE } from "../../api/client";
import { onChanges } from "../../api/live";
import { EventFeed, type FeedRequest, type FeedState, type ReadEvents } from "./feed";
import type { Chain } from "./pages";
import { type EventFilter, type EventSearch, eventFilter } from "./search";

/** How often a range that ends now is moved on. */
const MOVE_RANGE_MS = 60_000;

/** One read of the workspace's events. */
export function readEvents(
  filter: EventFilter,
  request: Partial<FeedRequest>,
  signal: AbortSignal,
): ReturnType<ReadEvents> {
  const { order = "desc", ...rest } = request;
  return call(
    api.GET("/api/workspaces/{workspaceId}/events", {
      params: { path: { workspaceId: WORKSPACE }, query: { ...filter, ...rest, order } },
      signal,
    }),
  ).then(({ events, nextCursor }) => ({ events, nextCursor: nextCursor ?? null }));
}

/** The list that was left last: who comes back from an event's page finds it as it was. */
interface Left {
  key: string;
  chain: Chain;
  row: number;
}
const LEFT = ["eventListLeft"];

export interface ShownFeed {
  feed: EventFeed;
  /** Which list it is: the search without the open event. */
  key: string;
  /** The row at the top when the page appears. */
  initialRow: number;
  state: FeedState;
  /** The filter as it is asked for. */
  filter: EventFilter;
  /** What is shown belongs to the filter before: the answer is under way. */
  outdated: boolean;
}

/** `follows` says whether new events are put in at once; `limit` is how many rows there may be. */
export function useEventFeed(search: EventSearch, follows: boolean, limit: number): ShownFeed {
  const { open: _open, ...rest } = search;
  const key = JSON.stringify(rest);
  const client = useQueryClient();
  const [moved, setMoved] = useState(0);

  const { feed, filter, row } = useMemo(() => {
    const { order = "desc", ...filters } = JSON.parse(key) as EventSearch;
    const filter = eventFilter(filters, Date.now());
    const read: ReadEvents = (request, signal) => readEvents(filter, request, signal);
    const left = client.getQueryData<Left>(LEFT);
    const resumed = moved === 0 && left?.key === key ? left : undefined;
    return { feed: new EventFeed(read, order, limit, resumed?.chain), filter, row: resumed?.row ?? 0 };
  }, [key, moved, limit, client]);
  const [initialRow] = useState(row);

  // First whether it follows, then what is read: a list that is not at its top must not grow there.
  useEffect(() => feed.follow(follows), [feed, follows]);

  useEffect(() => {
    feed.start();
    const { jobId } = filter;
    const stop = onChanges((changes) => {
      const concerns = changes.some(
        (change) =>
          change.what === "refresh" ||
          (change.what === "events" && (!jobId || !change.jobId || change.jobId === jobId)),
      );
      if (concerns) feed.changed();
    });
    return () => {
      stop();
      feed.stop();
      const { chain } = feed.getState();
      if (chain.next !== undefined) client.setQueryData<Left>(LEFT, { key, chain, row: feed.firstRow });
    };
  }, [feed, filter, key, client]);

  // "Last 15 min" would grow to hours on a screen that is left open.
  const rolls = search.range !== undefined && follows;
  useEffect(() => {
    if (!rolls) return;
    const timer = setInterval(() => setMoved((count) => count + 1), MOVE_RANGE_MS);
    return () => clearInterval(timer);
  }, [rolls]);

  const state = useSyncExternalStore(feed.subscribe, feed.getState);
  // Until the first answer the rows before stay: a list that flashes at every typed letter cannot be read.
  const before = useRef<FeedState>(undefined);
  const isRead = state.chain.next !== undefined || state.error !== undefined;
  useEffect(() => {
    if (isRead) before.current = state;
  }, [isRead, state]);
  const shown = isRead ? state : (before.current ?? state);
  return { feed, key, initialRow, state: shown, filter, outdated: shown !== state };
}
