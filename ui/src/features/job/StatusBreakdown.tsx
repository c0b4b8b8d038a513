import { Title } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useId } from "react";
import type { StatsAnswer } from "../../api/schema";
import { EVENT_STATUSES, STATUS_WORDS, statusTone } from "../../shared/eventStatus";
import { formatCount, formatShare } from "../../shared/format/numbers";
import { Status } from "../../shared/ui/Status";
import classes from "./OverviewTab.module.css";

/** How many events are in each status; each leads to its events. Rejected requests are no events, and in no share. */
export function StatusBreakdown({ jobId, counts }: { jobId: string; counts: StatsAnswer["byStatus"] }) {
  const heading = useId();
  const shares = EVENT_STATUSES.filter((status) => status !== "rejected" && counts[status] > 0);
  const total = shares.reduce((sum, status) => sum + counts[status], 0);
  const sentence = shares
    .map((status) => `${STATUS_WORDS[status]} ${formatShare(counts[status] / total)}`)
    .join(", ");
  return (
    <section className={classes.panel} aria-labelledby={heading}>
      <Title order={3} id={heading}>
        By status
      </Title>
      <div className={classes.shares} role="img" aria-label={sentence || "No events"}>
        {shares.map((status) => (
          <span key={status} data-tone={statusTone(status)} style={{ flexGrow: counts[status] / total }} />
        ))}
      </div>
      <ul className={classes.statuses}>
        {EVENT_STATUSES.map((status) => (
          <li key={status}>
            <Link className={classes.line} to="/events" search={{ job: jobId, status: [status] }}>
              <Status tone={statusTone(status)}>{STATUS_WORDS[status]}</Status>
              <b>{formatCount(counts[status])}</b>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
