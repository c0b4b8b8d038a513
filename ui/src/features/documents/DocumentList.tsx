import { Button, Loader, Text, TextInput, Title } from "@mantine/core";
import { IconRefresh } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { type FormEvent, type Ref, useCallback, useEffect, useMemo, useState } from "react";
import { onChanges } from "../../api/live";
import { plural } from "../../shared/format/numbers";
import { Empty, Failed, LoadingRows } from "../../shared/ui/States";
import { Status } from "../../shared/ui/Status";
import { Time } from "../../shared/ui/Time";
import { VirtualListbox } from "../../shared/ui/VirtualListbox";
import classes from "./Documents.module.css";
import { idText, type StoredDocument, syncFacts, titleOf } from "./document";
import { documentsQuery } from "./queries";

/** So many pages follow live changes by themselves; with more, reading all of them again is the reader's choice. */
const LIVE_PAGES = 2;

interface DocumentListProps {
  destinationId: string;
  collection: string;
  /** How many documents the collection holds, where that is known. */
  count: number | undefined;
  /** The `_id` of the open document. */
  selected: string | undefined;
  listRef: Ref<HTMLDivElement>;
  onSelect: (id: string) => void;
  onOpen: () => void;
}

/** The documents of a collection in the order of `_id`, page after page as they are scrolled to. */
export function DocumentList(props: DocumentListProps) {
  const { destinationId, collection, count, selected, listRef, onSelect, onOpen } = props;
  const [live, setLive] = useState(true);
  const query = useInfiniteQuery({ ...documentsQuery(destinationId, collection), enabled: live });
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage, isFetchNextPageError } = query;
  const pages = data?.pages.length ?? 0;
  useEffect(() => setLive(pages <= LIVE_PAGES), [pages]);
  const changed = useChangedSince(live ? undefined : query.dataUpdatedAt);

  const documents = useMemo(
    () => (data?.pages ?? []).flatMap((page) => page.documents),
    [data],
  ) as StoredDocument[];
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage && !isFetchNextPageError) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, isFetchNextPageError, fetchNextPage]);

  return (
    <>
      <div className={classes.bar}>
        <Title order={2} className={classes.name} title={collection}>
          {collection}
        </Title>
        {changed && (
          <Button
            variant="light"
            size="compact-xs"
            leftSection={<IconRefresh size={12} />}
            onClick={() => void query.refetch()}
          >
            Show changes
          </Button>
        )}
        {isFetchingNextPage && <Loader size={14} aria-label="Loading more documents" />}
        <span className={classes.count}>{count !== undefined && plural(count, "document")}</span>
      </div>
      <OpenById onOpen={onSelect} />
      {query.isPending ? (
        <LoadingRows rows={12} />
      ) : query.isError && !data ? (
        <Failed title="The documents could not be read" error={query.error} onRetry={query.refetch} />
      ) : documents.length === 0 ? (
        <Empty title="No documents">This collection is empty.</Empty>
      ) : (
        <VirtualListbox
          ref={listRef}
          label={`Documents of ${collection}`}
          items={documents}
          rowHeight={44}
          keyOf={(document) => idText(document._id)}
          selected={selected}
          onSelect={(document) => onSelect(idText(document._id))}
          onOpen={onOpen}
          onNearEnd={more}
          render={(document) => <Row document={document} />}
        />
      )}
      {isFetchNextPageError && (
        <div className={classes.bar} role="alert">
          <Text size="sm" className={classes.name}>
            More documents could not be read.
          </Text>
          <Button variant="default" size="compact-xs" onClick={() => void fetchNextPage()}>
            Retry
          </Button>
        </div>
      )}
    </>
  );
}

/** One document: what it is called and when it was synced above, its `_id` and the event's type below. */
function Row({ document }: { document: StoredDocument }) {
  const facts = syncFacts(document);
  const title = titleOf(document);
  const id = (
    <Text
      span
      ff="monospace"
      size="xs"
      className={classes.name}
      data-deleted={(!title && facts?.deleted) || undefined}
    >
      {idText(document._id)}
    </Text>
  );
  return (
    <div className={classes.document}>
      <div className={classes.line}>
        {title ? (
          <span className={classes.name} data-deleted={facts?.deleted || undefined}>
            {title}
          </span>
        ) : (
          id
        )}
        {facts?.deleted && <Status tone="idle">Deleted</Status>}
        {facts?.ambiguous && <Status tone="wait">Ambiguous</Status>}
        <span className={classes.count}>
          {facts?.syncedAt ? <Time value={facts.syncedAt} /> : !facts && "not synced"}
        </span>
      </div>
      <div className={`${classes.line} ${classes.quiet}`}>
        {title ? id : <span className={classes.name} />}
        <span>{facts?.eventType}</span>
      </div>
    </div>
  );
}

/** Opens the document with exactly this `_id`, wherever in the collection it stands. */
function OpenById({ onOpen }: { onOpen: (id: string) => void }) {
  const [id, setId] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (id.trim() !== "") onOpen(id.trim());
  };
  return (
    <form className={classes.filter} onSubmit={submit}>
      <TextInput
        aria-label="Open by _id"
        placeholder="Open by _id"
        ff="monospace"
        value={id}
        maxLength={1000}
        onChange={(event) => setId(event.currentTarget.value)}
        rightSectionWidth={56}
        rightSection={
          id.trim() !== "" && (
            <Button type="submit" size="compact-xs" variant="subtle">
              Open
            </Button>
          )
        }
      />
    </form>
  );
}

/** Whether events or the destination changed since that time; of no interest where the time is undefined. */
function useChangedSince(time: number | undefined): boolean {
  const [changedAt, setChangedAt] = useState(0);
  const watching = time !== undefined;
  useEffect(() => {
    if (!watching) return;
    return onChanges((changes) => {
      if (changes.some(({ what }) => what === "events" || what === "destinations" || what === "refresh")) {
        setChangedAt(Date.now());
      }
    });
  }, [watching]);
  return watching && changedAt > time;
}
