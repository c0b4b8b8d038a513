/** What is read of destinations' documents. */
import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { ApiError, api, call, WORKSPACE } from "../../api/client";
import { keys } from "../../api/keys";
import type { EventList } from "../../api/schema";
import { providerEventIdOf, type StoredDocument } from "./document";

/** Documents can be large: a page of them still comes at once. */
const PAGE = 100;
/** An id is a rare word: what is not found in so many pages of its search is not there. */
const WRITER_PAGES = 10;

const pathOf = (destinationId: string) => ({ workspaceId: WORKSPACE, destinationId });

export const collectionsQuery = (destinationId: string) =>
  queryOptions({
    queryKey: [...keys.documents(destinationId), "collections"],
    queryFn: ({ signal }) =>
      call(
        api.GET("/api/workspaces/{workspaceId}/destinations/{destinationId}/collections", {
          params: { path: pathOf(destinationId) },
          signal,
        }),
      ).then((answer) => answer.collections),
  });

export const documentsQuery = (destinationId: string, collection: string) =>
  infiniteQueryOptions({
    queryKey: [...keys.documents(destinationId), "list", collection],
    queryFn: ({ pageParam, signal }) =>
      call(
        api.GET("/api/workspaces/{workspaceId}/destinations/{destinationId}/documents", {
          params: {
            path: pathOf(destinationId),
            query: { collection, limit: PAGE, ...(pageParam === undefined ? {} : { cursor: pageParam }) },
          },
          signal,
        }),
      ),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (last) => last.nextCursor ?? undefined,
  });

/** A document as it is shown: its text for the JSON view, and what was read of it. */
export interface OpenDocument {
  text: string;
  document: StoredDocument;
}

export const opened = (text: string): OpenDocument => ({
  text,
  document: JSON.parse(text) as StoredDocument,
});

/** A document of a list, for one that the API does not find by its `_id`. */
export const openedFromList = (document: StoredDocument): OpenDocument => ({
  text: JSON.stringify(document),
  document,
});

/** The event that wrote a document: its id, or why there is none to show. */
export type Writer = { eventId: string } | { gone: "event" | "job" };

/**
 * Looks for an event by the provider's id of it. The key is none of those that changes make old: which event wrote
 * what does not change.
 */
export const writerQuery = (jobId: string, eventId: string) =>
  queryOptions({
    queryKey: ["writer", jobId, eventId],
    queryFn: async ({ signal }): Promise<Writer> => {
      const wanted = providerEventIdOf(eventId);
      try {
        let cursor: string | null = null;
        // A page of a search may hold nothing and still not be the last.
        for (let page = 0; page < WRITER_PAGES; page += 1) {
          const answer: EventList = await call(
            api.GET("/api/workspaces/{workspaceId}/events", {
              params: {
                path: { workspaceId: WORKSPACE },
                query: { jobId, q: wanted, limit: 100, ...(cursor === null ? {} : { cursor }) },
              },
              signal,
            }),
          );
          const found = answer.events.find((event) => event.providerEventId === wanted);
          if (found) return { eventId: found.id };
          cursor = answer.nextCursor ?? null;
          if (cursor === null) break;
        }
        return { gone: "event" };
      } catch (error) {
        if (error instanceof ApiError && error.status === 404) return { gone: "job" };
        throw error;
      }
    },
  });
