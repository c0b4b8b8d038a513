import { ActionIcon, Anchor, Button, Group, Switch, Text, Title, Tooltip } from "@mantine/core";
import { IconArrowLeft, IconDownload, IconListDetails, IconX } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { ApiError } from "../../api/client";
import { platform } from "../../platform";
import { documentTextQuery } from "../../shared/documents";
import { JsonView } from "../../shared/json/JsonView";
import { toastError } from "../../shared/state/toasts";
import { CopyButton } from "../../shared/ui/CopyButton";
import { Empty, Failed, LoadingRows } from "../../shared/ui/States";
import classes from "./Documents.module.css";
import { idText, isAddressable, type StoredDocument, syncFacts, titleOf, withoutMetadata } from "./document";
import { documentsQuery, type OpenDocument, opened, openedFromList } from "./queries";
import { SyncFactsList } from "./SyncFactsList";

interface DocumentPaneProps {
  destinationId: string;
  collection: string;
  /** The document's `_id` as text; undefined when none is open. */
  id: string | undefined;
  onClose: () => void;
}

/** One document whole: what is known of its synchronisation, then its JSON. */
export function DocumentPane({ destinationId, collection, id, onClose }: DocumentPaneProps) {
  if (id === undefined) {
    return <Empty title="No document is open">Choose one in the list, or open one by its _id.</Empty>;
  }
  return <Opened destinationId={destinationId} collection={collection} id={id} onClose={onClose} />;
}

function Opened({ destinationId, collection, id, onClose }: DocumentPaneProps & { id: string }) {
  const inList = useListed(destinationId, collection, id);
  // Ids of other programs' documents can be of types that cannot be written as text: the list's copy has to do.
  const onlyInList = inList !== undefined && !isAddressable(inList._id);
  const query = useQuery({
    ...documentTextQuery(destinationId, collection, id),
    select: opened,
    enabled: !onlyInList,
  });
  const open = onlyInList ? openedFromList(inList) : query.data;
  const title = open && titleOf(open.document);

  return (
    <>
      <div className={classes.bar}>
        <Tooltip label="Back to the list">
          <ActionIcon className={classes.back} aria-label="Back to the list" onClick={onClose}>
            <IconArrowLeft size={16} />
          </ActionIcon>
        </Tooltip>
        <div className={classes.name}>
          <Title order={2} fz="sm" className={classes.name}>
            {title ?? "Document"}
          </Title>
          <Group gap={4} wrap="nowrap">
            <Text ff="monospace" size="xs" c="dimmed" className={classes.name} style={{ flex: "0 1 auto" }}>
              {id}
            </Text>
            <CopyButton value={id} what="_id" size={20} />
          </Group>
        </div>
        {open && <Actions open={open} collection={collection} />}
        <Tooltip label="Close (Esc)">
          <ActionIcon aria-label="Close the document" onClick={onClose}>
            <IconX size={16} />
          </ActionIcon>
        </Tooltip>
      </div>
      {open ? (
        <Contents open={open} id={id} />
      ) : query.isError ? (
        <NotRead error={query.error} id={id} collection={collection} onRetry={query.refetch} />
      ) : (
        <LoadingRows rows={12} />
      )}
    </>
  );
}

function Contents({ open, id }: { open: OpenDocument; id: string }) {
  const facts = syncFacts(open.document);
  const [whole, setWhole] = useState(false);
  const text = useMemo(() => (whole ? open.text : withoutMetadata(open.text)), [open.text, whole]);
  return (
    <>
      {facts ? (
        <SyncFactsList facts={facts} />
      ) : (
        <Text size="sm" c="dimmed" p="sm">
          Hookline did not write this document: it has no _sync_metadata.
        </Text>
      )}
      <div className={classes.json}>
        <JsonView
          text={text}
          label={`Document ${id}`}
          actions={
            facts && (
              <Switch
                size="xs"
                label="_sync_metadata"
                checked={whole}
                onChange={(event) => setWhole(event.currentTarget.checked)}
              />
            )
          }
        />
      </div>
    </>
  );
}

function Actions({ open, collection }: { open: OpenDocument; collection: string }) {
  const id = idText(open.document._id);
  const save = async () => {
    try {
      await platform().saveText(fileName(collection, id), `${open.text}\n`);
    } catch (error) {
      toastError("The document could not be saved", error);
    }
  };
  return (
    <>
      <Tooltip label="All events of this object">
        <ActionIcon
          aria-label="All events of this object"
          renderRoot={(props) => <Link {...props} to="/events" search={{ object: id }} />}
        >
          <IconListDetails size={16} />
        </ActionIcon>
      </Tooltip>
      <CopyButton value={open.text} what="document" />
      <Tooltip label="Export as a file">
        <ActionIcon aria-label="Export as a file" onClick={() => void save()}>
          <IconDownload size={16} />
        </ActionIcon>
      </Tooltip>
    </>
  );
}

/** A name that every file system takes. */
export const fileName = (collection: string, id: string): string =>
  `${`${collection}-${id}`.replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, 120)}.json`;

function NotRead(props: { error: unknown; id: string; collection: string; onRetry: () => void }) {
  const { error, id, collection, onRetry } = props;
  if (!(error instanceof ApiError) || error.status !== 404) {
    return <Failed title="The document could not be read" error={error} onRetry={onRetry} />;
  }
  return (
    <Empty
      title="There is no such document"
      action={
        <Button variant="default" onClick={onRetry}>
          Look again
        </Button>
      }
    >
      No document in {collection} has the _id{" "}
      <Text span ff="monospace">
        {id}
      </Text>
      . It may have been deleted;{" "}
      <Anchor
        underline="always"
        renderRoot={(rest) => <Link {...rest} to="/events" search={{ object: id }} />}
      >
        its events
      </Anchor>{" "}
      would tell.
    </Empty>
  );
}

/** The list's own copy of the document, where the list has it. */
function useListed(destinationId: string, collection: string, id: string): StoredDocument | undefined {
  const { data } = useInfiniteQuery({
    ...documentsQuery(destinationId, collection),
    // The list beside it does the reading.
    enabled: false,
    select: ({ pages }) => {
      for (const page of pages) {
        const found = (page.documents as StoredDocument[]).find((document) => idText(document._id) === id);
        if (found) return found;
      }
      return undefined;
    },
  });
  return data;
}
