/** The summary: what the event is, where it belongs, when it came. */
import { Switch, UnstyledButton } from "@mantine/core";
import { IconChevronDown, IconChevronRight } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import type { EventDetail } from "../../api/schema";
import { formatBytes } from "../../shared/format/numbers";
import { formatAbsolute, formatDay, formatSeconds, isSameDay } from "../../shared/format/times";
import { useNow } from "../../shared/state/now";
import { Time } from "../../shared/ui/Time";
import classes from "./Event.module.css";
import { Fact } from "./Fact";
import { deliveredWords, lagWords, payloadFacts } from "./facts";
import { MutationError } from "./MutationError";
import { usePin } from "./queries";

/** `08:24:21` today, `Nov 24, 08:24:21` before; the whole of it is in the tooltip and in what is copied. */
function formatMoment(time: string, now: number): string {
  const clock = formatSeconds(time);
  return isSameDay(time, now) ? clock : `${formatDay(time, now)}, ${clock}`;
}

/** Everything in one column. */
export function AllFacts({ event }: { event: EventDetail }) {
  return (
    <dl className={classes.facts} data-single>
      <MainFacts event={event} />
      <FurtherFacts event={event} />
      <Keeping key={event.id} event={event} />
    </dl>
  );
}

/** The first things one looks for; the rest on demand, because the payload needs the room. */
export function BriefFacts({ event }: { event: EventDetail }) {
  const [open, setOpen] = useState(false);
  const Chevron = open ? IconChevronDown : IconChevronRight;
  return (
    <>
      <dl className={classes.facts}>
        <MainFacts event={event} />
        {open && (
          <>
            <FurtherFacts event={event} />
            <Keeping key={event.id} event={event} />
          </>
        )}
      </dl>
      <UnstyledButton className={classes.more} aria-expanded={open} onClick={() => setOpen(!open)}>
        <Chevron size={14} />
        {open ? "Less" : "More: times, lag, provider, size, keeping"}
      </UnstyledButton>
    </>
  );
}

function MainFacts({ event }: { event: EventDetail }) {
  const { mode } = useMemo(() => payloadFacts(event), [event]);
  const now = useNow();
  return (
    <>
      <Fact label="Event" mono copied={event.providerEventId || undefined}>
        {event.providerEventId || "could not be read"}
      </Fact>
      {event.objectId && (
        <Fact label="Object" mono copied={event.objectId}>
          <Link
            className={classes.link}
            to="/events"
            search={{ object: event.objectId }}
            title={`Show all events of ${event.objectId}`}
          >
            {event.objectId}
          </Link>
        </Fact>
      )}
      <Fact label="Job" copied={event.jobName} title={event.jobName}>
        <Link className={classes.link} to="/transfers/$jobId" params={{ jobId: event.jobId }}>
          {event.jobName}
        </Link>
      </Fact>
      <Fact label="Received" copied={event.receivedAt} title={formatAbsolute(event.receivedAt)}>
        <Time value={event.receivedAt} /> · {formatMoment(event.receivedAt, now)}
      </Fact>
      {mode && <Fact label="Mode">{mode === "live" ? "Live: real data" : "Test: no real data"}</Fact>}
      {event.duplicates > 0 && <Fact label="Delivered">{deliveredWords(event.duplicates)}</Fact>}
    </>
  );
}

function FurtherFacts({ event }: { event: EventDetail }) {
  const { apiVersion } = useMemo(() => payloadFacts(event), [event]);
  const lag = lagWords(event);
  const now = useNow();
  return (
    <>
      {event.occurredAt && (
        <Fact label="Happened" copied={event.occurredAt} title={formatAbsolute(event.occurredAt)}>
          {formatMoment(event.occurredAt, now)}
        </Fact>
      )}
      {lag && (
        <Fact label="Lag" title={`Received ${lag}`}>
          {lag}
        </Fact>
      )}
      <Fact label="Provider">{event.providerLabel}</Fact>
      {apiVersion && (
        <Fact label="API version" mono copied={apiVersion}>
          {apiVersion}
        </Fact>
      )}
      <Fact label="Size">{formatBytes(event.sizeBytes)}</Fact>
      {event.duplicates === 0 && <Fact label="Delivered">{deliveredWords(0)}</Fact>}
      <Fact label="Number" mono copied={event.id}>
        {event.id}
      </Fact>
    </>
  );
}

/** Whether the event is kept whatever its age. */
function Keeping({ event }: { event: EventDetail }) {
  const pin = usePin(event.jobId, event.id);
  return (
    <Fact label="Keep" title="A kept event is not cleaned up, whatever its age">
      <Switch
        size="xs"
        checked={pin.isPending ? pin.variables : event.pinned}
        onChange={(change) => pin.mutate(change.currentTarget.checked)}
        label="Never clean up"
      />
      <MutationError title="This could not be changed" error={pin.error} />
    </Fact>
  );
}
