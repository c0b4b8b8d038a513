import { SegmentedControl, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { ApiError } from "../../api/client";
import { destinationsQuery, jobsQuery } from "../../api/queries";
import type { Destination, EventDetail, Operation } from "../../api/schema";
import { documentTextQuery } from "../../shared/documents";
import { JsonView } from "../../shared/json/JsonView";
import { CopyButton } from "../../shared/ui/CopyButton";
import { Failed, LoadingRows } from "../../shared/ui/States";
import classes from "./Event.module.css";
import { noOperationWords } from "./operation";

interface DocumentTabProps {
  event: EventDetail;
  destination: Destination | undefined;
}

export function DocumentTab({ event, destination }: DocumentTabProps) {
  const [chosen, setChosen] = useState(0);
  if (!destination) return <NoDestination />;
  if (destination.kind === "http") {
    return (
      <Text size="sm">
        {destination.name} is an HTTP server: the request is forwarded as it came, and no document is kept
        here. What the server answered stands under Attempts.
      </Text>
    );
  }
  const operation = event.operations[chosen] ?? event.operations[0];
  if (!operation) return <Text size="sm">{noOperationWords(event)}</Text>;
  return (
    <>
      {event.operations.map((each) => (
        <OperationLine
          key={`${each.collection} ${each.documentId}`}
          operation={each}
          destination={destination}
        />
      ))}
      {event.operations.length > 1 && (
        <SegmentedControl
          size="xs"
          aria-label="Which document is shown"
          value={String(chosen)}
          onChange={(value) => setChosen(Number(value))}
          data={event.operations.map((each, index) => ({
            value: String(index),
            label: `${each.collection}/${each.documentId}`,
          }))}
        />
      )}
      <ResultingDocument event={event} operation={operation} destination={destination} />
    </>
  );
}

/** The destination is read, cannot be, or is gone. */
function NoDestination() {
  const both = [useQuery(jobsQuery), useQuery(destinationsQuery)];
  const failed = both.find((query) => query.isLoadingError);
  if (failed) {
    return (
      <Failed
        title="Where the document lies could not be read"
        error={failed.error}
        onRetry={() => void failed.refetch()}
      />
    );
  }
  if (both.some((query) => query.isPending)) return <LoadingRows rows={4} />;
  return <Text size="sm">The destination of this event's job is not there any more.</Text>;
}

/** `Writes customers / cus_1`, with the way to the document. */
export function OperationLine({
  operation,
  destination,
}: {
  operation: Operation;
  destination: Destination;
}) {
  const { kind, collection, documentId } = operation;
  const shown = `${collection} / ${documentId}`;
  return (
    <div className={classes.operation}>
      <Text span size="xs" c="dimmed">
        {kind === "delete" ? "Deletes" : "Writes"}
      </Text>
      <Link
        className={`${classes.link} ${classes.mono} ${classes.cut}`}
        to="/documents"
        search={{ destination: destination.id, collection, id: documentId }}
        title={shown}
      >
        {shown}
      </Link>
      <CopyButton size={20} value={documentId} what="document's _id" />
    </div>
  );
}

function ResultingDocument({
  event,
  operation,
  destination,
}: {
  event: EventDetail;
  operation: Operation;
  destination: Destination;
}) {
  const { collection, documentId, kind } = operation;
  const document = useQuery(documentTextQuery(destination.id, collection, documentId));
  if (document.isPending) return <LoadingRows rows={6} />;
  if (document.error instanceof ApiError && document.error.status === 404) {
    return <Text size="sm">{absentWords(event, kind, destination.name)}</Text>;
  }
  if (document.isLoadingError) {
    return (
      <Failed
        title="The document could not be read"
        error={document.error}
        onRetry={() => void document.refetch()}
      />
    );
  }
  return (
    <>
      <p className={classes.notes}>
        As it is in {destination.name} now; later events may have changed it since.
      </p>
      <JsonView text={document.data} label={`Document ${documentId}`} initialFold={3} />
    </>
  );
}

function absentWords(event: EventDetail, kind: Operation["kind"], destination: string): string {
  if (event.status !== "completed" && event.status !== "skipped") {
    return `There is no such document in ${destination}: the event has not been applied.`;
  }
  return kind === "delete"
    ? `There is no such document in ${destination} any more: it was deleted.`
    : `There is no such document in ${destination} any more: it was deleted after this event.`;
}
