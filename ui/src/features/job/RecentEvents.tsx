import { Text, Title, Tooltip } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useId } from "react";
import type { Event } from "../../api/schema";
import { eventTone, statusMeaning, statusWord } from "../../shared/eventStatus";
import { formatAbsolute, formatClock, formatDay, isSameDay } from "../../shared/format/times";
import { useNow } from "../../shared/state/now";
import { TextLink } from "../../shared/ui/links";
import { Status } from "../../shared/ui/Status";
import classes from "./OverviewTab.module.css";

/** The newest requests of the job, rejected ones too. */
export function RecentEvents({ jobId, events }: { jobId: string; events: Event[] }) {
  const heading = useId();
  const now = useNow();
  return (
    <section className={classes.panel} aria-labelledby={heading}>
      <div className={classes.panelHead}>
        <Title order={3} id={heading}>
          Recent events
        </Title>
        <TextLink to="/events" search={{ job: jobId }} size="sm">
          Show all
        </TextLink>
      </div>
      {events.length === 0 && <Text c="dimmed">None yet.</Text>}
      <ul className={classes.events}>
        {events.map((event) => (
          <li key={event.id}>
            <Link className={classes.line} to="/events/$jobId/$eventId" params={{ jobId, eventId: event.id }}>
              <time
                className={classes.time}
                dateTime={event.receivedAt}
                title={formatAbsolute(event.receivedAt)}
              >
                {isSameDay(event.receivedAt, now) ? "" : `${formatDay(event.receivedAt, now)} `}
                {formatClock(event.receivedAt)}
              </time>
              <span className={classes.type}>{event.type || "(could not be read)"}</span>
              {event.objectId && <span className={classes.object}>{event.objectId}</span>}
              <Tooltip label={event.error ?? statusMeaning(event)} multiline maw={360}>
                <span>
                  <Status tone={eventTone(event)}>{statusWord(event)}</Status>
                </span>
              </Tooltip>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
