import { Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import type { StatsAnswer } from "../../api/schema";
import { formatCompact, formatCount, formatDuration, formatShare } from "../../shared/format/numbers";
import { Time } from "../../shared/ui/Time";
import classes from "./OverviewTab.module.css";

/** The job's numbers at a glance. */
export function StatTiles({ stats }: { stats: StatsAnswer }) {
  const { p50, p95 } = stats.latencyMs;
  const { pending, processing, completed, failed } = stats.byStatus;
  return (
    <dl className={classes.tiles} aria-label="Numbers">
      <Tile label="Events kept" more="all but rejected">
        <Count value={stats.total} />
      </Tile>
      <Tile label="Today" more="since midnight">
        <Count value={stats.today} />
      </Tile>
      <Tile
        label="Success rate"
        more={
          typeof stats.successRate === "number"
            ? `${formatCount(completed)} of ${formatCount(completed + failed)}`
            : "no outcome yet"
        }
      >
        {typeof stats.successRate === "number" ? formatShare(stats.successRate) : "–"}
      </Tile>
      <Tile
        label="Median latency"
        more={typeof p95 === "number" ? `95 % within ${formatDuration(p95)}` : "none completed yet"}
      >
        {typeof p50 === "number" ? formatDuration(p50) : "–"}
      </Tile>
      <Tile
        label="Waiting"
        more={processing > 0 ? `${formatCount(processing)} being applied` : "to be applied"}
      >
        <Count value={pending + processing} />
      </Tile>
      <Tile label="Last event" more="by receipt">
        <Time value={stats.lastReceivedAt} />
      </Tile>
    </dl>
  );
}

function Tile({ label, more, children }: { label: string; more: string; children: ReactNode }) {
  return (
    <div className={classes.tile}>
      <dt>{label}</dt>
      <dd className={classes.value}>{children}</dd>
      <dd className={classes.more}>{more}</dd>
    </div>
  );
}

function Count({ value }: { value: number }) {
  const short = formatCompact(value);
  const exact = formatCount(value);
  return (
    <Tooltip label={exact} disabled={short === exact}>
      <span>{short}</span>
    </Tooltip>
  );
}
