import { Anchor, Group, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { describeError } from "../../api/client";
import { jobsQuery, providersQuery } from "../../api/queries";
import { formatAbsolute } from "../../shared/format/times";
import { CopyButton } from "../../shared/ui/CopyButton";
import { Fact } from "../../shared/ui/Fact";
import { Status } from "../../shared/ui/Status";
import { Time } from "../../shared/ui/Time";
import classes from "./Documents.module.css";
import type { SyncFacts } from "./document";
import { writerQuery } from "./queries";

/** `_sync_metadata` in words: which event wrote the document, when, and what else is known of it. */
export function SyncFactsList({ facts }: { facts: SyncFacts }) {
  const { data: jobs } = useQuery(jobsQuery);
  const { data: providers } = useQuery(providersQuery);
  const job = jobs?.find(({ id }) => id === facts.jobId);
  const provider = providers?.find(({ kind }) => kind === facts.source)?.label ?? facts.source;
  return (
    <dl className={classes.facts}>
      <Fact term="State">
        {facts.deleted ? (
          <Status tone="idle">Deleted at the provider, kept here</Status>
        ) : (
          <Status tone="ok">As the provider last told</Status>
        )}
      </Fact>
      {facts.ambiguous && (
        <Fact term="Ambiguous">
          <Status tone="wait">Order not certain</Status>
          <Text size="xs" c="dimmed">
            Several events of this object have the same time, and nothing in them tells which came first. A
            fixed rule chose this state, whatever the order of arrival. The next event settles it.
          </Text>
        </Fact>
      )}
      <Fact term="Written by">
        <Writer facts={facts} />
      </Fact>
      {facts.operation && <Fact term="Operation">{facts.operation === "upsert" ? "Upsert" : "Delete"}</Fact>}
      <When term="Occurred" value={facts.occurredAt} />
      <When term="Received" value={facts.receivedAt} />
      <When term="Synced" value={facts.syncedAt} />
      {facts.version && (
        <Fact term="Version">
          <Text span ff="monospace" size="xs">
            {facts.version}
          </Text>
        </Fact>
      )}
      <Fact term="Sync job">
        {job ? (
          <Anchor
            size="sm"
            underline="always"
            renderRoot={(props) => <Link {...props} to="/transfers/$jobId" params={{ jobId: job.id }} />}
          >
            {job.name}
          </Anchor>
        ) : (
          <span>{jobs ? "Deleted" : facts.jobId}</span>
        )}
        {provider && <span className={classes.quiet}> · {provider}</span>}
      </Fact>
      {facts.livemode !== undefined && <Fact term="Mode">{facts.livemode ? "Live" : "Test"}</Fact>}
      {facts.account && (
        <Fact term="Account">
          <Text span ff="monospace" size="xs">
            {facts.account}
          </Text>
        </Fact>
      )}
      {facts.apiVersion && <Fact term="API version">{facts.apiVersion}</Fact>}
    </dl>
  );
}

function When({ term, value }: { term: string; value: string | undefined }) {
  if (!value) return null;
  return (
    <Fact term={term}>
      {formatAbsolute(value)}
      <span className={classes.quiet}>
        {" · "}
        <Time value={value} />
      </span>
    </Fact>
  );
}

/** The event that wrote the document, as a link while it is kept. */
function Writer({ facts }: { facts: SyncFacts }) {
  const { jobId, eventId, eventType } = facts;
  if (!jobId || !eventId) return <>{eventType ?? "not known"}</>;
  return <LinkedWriter jobId={jobId} eventId={eventId} eventType={eventType ?? "Event"} />;
}

function LinkedWriter({ jobId, eventId, eventType }: { jobId: string; eventId: string; eventType: string }) {
  const writer = useQuery(writerQuery(jobId, eventId));
  const found = writer.data && "eventId" in writer.data ? writer.data.eventId : undefined;
  return (
    <>
      <Group gap={4}>
        {found ? (
          <Anchor
            size="sm"
            renderRoot={(props) => (
              <Link {...props} to="/events/$jobId/$eventId" params={{ jobId, eventId: found }} />
            )}
          >
            {eventType}
          </Anchor>
        ) : (
          <span>{eventType}</span>
        )}
        <Group gap={4} wrap="nowrap">
          <Text span ff="monospace" size="xs" c="dimmed">
            {eventId}
          </Text>
          <CopyButton value={eventId} what="event id" size={20} />
        </Group>
      </Group>
      {writer.isError && (
        <Text size="xs" c="dimmed">
          Whether the event is still kept could not be read: {describeError(writer.error).message}
        </Text>
      )}
      {writer.data && "gone" in writer.data && (
        <Text size="xs" c="dimmed">
          {writer.data.gone === "event"
            ? "The event was cleaned up: the job keeps events for a limited time."
            : "The event went with its sync job, which was deleted."}
        </Text>
      )}
    </>
  );
}
