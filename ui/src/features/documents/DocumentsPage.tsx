/** What has been synced: destinations and their collections, the documents of one, and one document whole. */
import { Button } from "@mantine/core";
import { IconDatabase } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback, useEffect, useMemo, useRef } from "react";
import { destinationsQuery } from "../../api/queries";
import type { Destination } from "../../api/schema";
import { Contained } from "../../shared/ui/Contained";
import { Page } from "../../shared/ui/Page";
import { Empty, Failed, LoadingRows } from "../../shared/ui/States";
import { CollectionList } from "./CollectionList";
import { DestinationPanel } from "./DestinationPanel";
import { DocumentList } from "./DocumentList";
import { DocumentPane } from "./DocumentPane";
import classes from "./Documents.module.css";
import { collectionsQuery } from "./queries";
import { type DocumentSearch, parseDocumentSearch } from "./search";

export function DocumentsPage() {
  const destinations = useQuery(destinationsQuery);
  if (destinations.isPending) return <LoadingRows />;
  if (destinations.isLoadingError) {
    return (
      <Failed
        title="The destinations could not be read"
        error={destinations.error}
        onRetry={destinations.refetch}
      />
    );
  }
  if (destinations.data.length === 0) return <NoDestination />;
  return <Browser destinations={destinations.data} />;
}

function NoDestination() {
  return (
    <Empty
      icon={<IconDatabase size={32} />}
      title="Nothing is synced yet"
      action={
        <Button component={Link} to="/transfers/new">
          Add sync job
        </Button>
      }
    >
      A sync job writes what a provider sends into MongoDB or into a file on this machine. The documents
      appear here.
    </Empty>
  );
}

function Browser({ destinations }: { destinations: Destination[] }) {
  const raw = useSearch({ strict: false });
  const search = useMemo(() => parseDocumentSearch(raw), [raw]);
  const navigate = useNavigate();
  const go = useCallback(
    (next: DocumentSearch, options?: { replace?: boolean }) =>
      void navigate({ to: "/documents", search: next, replace: options?.replace ?? false }),
    [navigate],
  );
  const destination = chosenDestination(destinations, search.destination);
  return (
    <Page fill>
      <div className={classes.panes} data-open={search.id === undefined ? undefined : true}>
        <section className={classes.left} aria-label="Destination">
          <Contained what="destination">
            <DestinationPanel
              destinations={destinations}
              destination={destination}
              onChoose={(id) => go(id === undefined ? {} : { destination: id })}
            />
          </Contained>
        </section>
        {destination ? (
          <Documents key={destination.id} destination={destination} search={search} go={go} />
        ) : (
          <div className={classes.wide}>
            <Empty title="This destination does not exist">
              It may have been deleted. Choose another one on the left.
            </Empty>
          </div>
        )}
      </div>
    </Page>
  );
}

/** The one that the address names; without one, the first that keeps documents. */
export function chosenDestination(
  destinations: Destination[],
  id: string | undefined,
): Destination | undefined {
  if (id !== undefined) return destinations.find((destination) => destination.id === id);
  return destinations.find(({ kind }) => kind !== "http") ?? destinations[0];
}

interface DocumentsProps {
  destination: Destination;
  search: DocumentSearch;
  go: (next: DocumentSearch, options?: { replace?: boolean }) => void;
}

function Documents({ destination, search, go }: DocumentsProps) {
  const keepsDocuments = destination.kind !== "http";
  const collections = useQuery({ ...collectionsQuery(destination.id), enabled: keepsDocuments });
  const list = useRef<HTMLDivElement>(null);
  const pane = useRef<HTMLElement>(null);
  const collection = search.collection ?? collections.data?.[0]?.name;
  const { id } = search;

  const close = useCallback(() => {
    go(
      { destination: destination.id, ...(collection === undefined ? {} : { collection }) },
      { replace: true },
    );
    list.current?.focus();
  }, [go, destination.id, collection]);
  useEscape(id === undefined ? undefined : close);

  if (!keepsDocuments) {
    return (
      <div className={classes.wide}>
        <Empty title="This destination keeps no documents">
          Requests are forwarded to it as they came; what becomes of them is up to that server.
        </Empty>
      </div>
    );
  }
  if (collections.isPending) {
    return (
      <div className={classes.wide}>
        <LoadingRows />
      </div>
    );
  }
  if (collections.isLoadingError) {
    return (
      <div className={classes.wide}>
        <Failed
          title="The collections could not be read"
          error={collections.error}
          onRetry={collections.refetch}
        />
      </div>
    );
  }
  if (collection === undefined) return <NoDocuments />;
  const base = { destination: destination.id, collection };
  return (
    <>
      <section className={classes.collections} aria-label="Collections">
        <Contained what="list of collections">
          <CollectionList
            collections={collections.data}
            selected={collection}
            onSelect={(name) => go({ destination: destination.id, collection: name }, { replace: true })}
            onOpen={() => list.current?.focus()}
          />
        </Contained>
      </section>
      <section className={classes.middle} aria-label={`Documents of ${collection}`}>
        <Contained key={collection} what="list of documents">
          <DocumentList
            destinationId={destination.id}
            collection={collection}
            count={collections.data.find(({ name }) => name === collection)?.documents}
            selected={id}
            listRef={list}
            onSelect={(next) => go({ ...base, id: next }, { replace: id !== undefined })}
            onOpen={() => pane.current?.focus()}
          />
        </Contained>
      </section>
      <section ref={pane} className={classes.right} aria-label="Document" tabIndex={-1}>
        <Contained key={`${collection}/${id}`} what="document">
          <DocumentPane destinationId={destination.id} collection={collection} id={id} onClose={close} />
        </Contained>
      </section>
    </>
  );
}

function NoDocuments() {
  return (
    <div className={classes.wide}>
      <Empty
        icon={<IconDatabase size={32} />}
        title="No documents yet"
        action={
          <Button component={Link} to="/transfers" variant="default">
            Show sync jobs
          </Button>
        }
      >
        The first event that a sync job applies makes a collection here. A sync job can send itself a test
        event.
      </Empty>
    </div>
  );
}

/** Escape closes the document, unless a dialog, a menu or a field has the key. */
function useEscape(close: (() => void) | undefined): void {
  useEffect(() => {
    if (!close) return;
    const onKeyDown = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const taken = target.closest(
        "input, textarea, [contenteditable='true'], [role='dialog'], [role='menu']",
      );
      if (event.key === "Escape" && !event.defaultPrevented && !taken) close();
    };
    document.addEventListener("keydown", onKeyDown);
    return () => document.removeEventListener("keydown", onKeyDown);
  }, [close]);
}
