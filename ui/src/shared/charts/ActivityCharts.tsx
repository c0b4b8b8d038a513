/** Throughput and latency over time. Each chart says in words what it shows, and is a table on demand. */
import { CompositeChart, LineChart } from "@mantine/charts";
import { Skeleton, Text, Title } from "@mantine/core";
import { useId } from "react";
import { formatCompact, formatCount, formatDuration } from "../format/numbers";
import classes from "./ActivityCharts.module.css";
import {
  type ActivityPoint,
  axisDomain,
  bucketWords,
  isQuiet,
  latencySentence,
  OUTCOME_COLORS,
  OUTCOME_WORDS,
  OUTCOMES,
  sumActivity,
  throughputSentence,
  tickLabel,
} from "./activity";
import { ChartTip, type TipRow } from "./ChartTip";
import type { ChartRange } from "./ranges";

interface ChartProps {
  points: ActivityPoint[];
  bucketSeconds: number;
  range: ChartRange;
  /** In pixels. */
  height?: number;
}

const RECEIVED_COLOR = "var(--hl-accent)";
const axis = { tickMargin: 4, minTickGap: 48 } as const;
const margin = { top: 8, right: 8, bottom: 0, left: 0 } as const;

/** How many events came, and what became of them: outcomes stacked, receipts as a line. */
export function ThroughputChart({ points, bucketSeconds, range, height = 180 }: ChartProps) {
  const heading = useId();
  const sums = sumActivity(points);
  const sentence = throughputSentence(sums, range);
  return (
    <section className={classes.panel} aria-labelledby={heading}>
      <div className={classes.head}>
        <Title order={3} id={heading}>
          Throughput
        </Title>
        <Text size="xs" c="dimmed">
          events per {bucketWords(bucketSeconds)}
        </Text>
        <div className={classes.legend}>
          <span className={classes.key}>
            <span className={classes.swatch} data-line style={{ background: RECEIVED_COLOR }} />
            Received <b>{formatCount(sums.received)}</b>
          </span>
          {OUTCOMES.filter((outcome) => outcome === "completed" || sums[outcome] > 0).map((outcome) => (
            <span key={outcome} className={classes.key}>
              <span className={classes.swatch} style={{ background: OUTCOME_COLORS[outcome] }} />
              {OUTCOME_WORDS[outcome]} <b>{formatCount(sums[outcome])}</b>
            </span>
          ))}
        </div>
      </div>
      <div className={classes.plot} role="img" aria-label={sentence}>
        <CompositeChart
          h={height}
          data={points as unknown as Record<string, unknown>[]}
          dataKey="at"
          series={[
            ...OUTCOMES.map((name) => ({ name, type: "bar" as const, color: OUTCOME_COLORS[name] })),
            { name: "received", type: "line" as const, color: RECEIVED_COLOR },
          ]}
          barProps={({ name }) => ({ stackId: "outcomes", fillOpacity: name === "completed" ? 0.6 : 1 })}
          maxBarWidth={14}
          curveType="step"
          strokeWidth={1.5}
          withDots={false}
          valueFormatter={formatCompact}
          composedChartProps={{ margin, accessibilityLayer: false }}
          xAxisProps={{ ...axis, tickFormatter: (at: string) => tickLabel(at, range) }}
          yAxisProps={{ width: 44, domain: axisDomain(isQuiet(sums)), allowDecimals: false }}
          tooltipProps={{
            content: ({ payload }) => (
              <ChartTip
                point={payload?.[0]?.payload as ActivityPoint | undefined}
                bucketSeconds={bucketSeconds}
                rows={throughputRows}
              />
            ),
          }}
        />
        {isQuiet(sums) && <div className={classes.quiet}>{sentence}</div>}
      </div>
    </section>
  );
}

/** How long it took from receipt to outcome. */
export function LatencyChart({ points, bucketSeconds, range, height = 180 }: ChartProps) {
  const heading = useId();
  const sums = sumActivity(points);
  const sentence = latencySentence(sums, range);
  const quiet = sums.latencyAverage === undefined;
  return (
    <section className={classes.panel} aria-labelledby={heading}>
      <div className={classes.head}>
        <Title order={3} id={heading}>
          Latency
        </Title>
        <Text size="xs" c="dimmed">
          from receipt to outcome, per {bucketWords(bucketSeconds)}
        </Text>
        <div className={classes.legend}>
          <span className={classes.key}>
            <span className={classes.swatch} data-line style={{ background: LATENCY[0].color }} />
            Average <b>{quiet ? "–" : formatDuration(sums.latencyAverage ?? 0)}</b>
          </span>
          <span className={classes.key}>
            <span className={classes.swatch} data-line style={{ background: LATENCY[1].color }} />
            Slowest <b>{sums.latencyMax === undefined ? "–" : formatDuration(sums.latencyMax)}</b>
          </span>
        </div>
      </div>
      <div className={classes.plot} role="img" aria-label={sentence}>
        <LineChart
          h={height}
          data={
            (quiet
              ? points.map((point) => ({ ...point, latencyMsAverage: 0 }))
              : points) as unknown as Record<string, unknown>[]
          }
          dataKey="at"
          series={quiet ? [LATENCY[0]] : [...LATENCY]}
          curveType="linear"
          strokeWidth={1.5}
          withDots={quiet ? false : points.length <= 100}
          dotProps={{ r: 1.5 }}
          connectNulls={false}
          valueFormatter={formatDuration}
          lineChartProps={{ margin, accessibilityLayer: false }}
          xAxisProps={{ ...axis, tickFormatter: (at: string) => tickLabel(at, range) }}
          yAxisProps={{ width: 56, domain: axisDomain(quiet), ...(quiet ? { tick: false } : {}) }}
          withTooltip={!quiet}
          tooltipProps={{
            content: ({ payload }) => (
              <ChartTip
                point={payload?.[0]?.payload as ActivityPoint | undefined}
                bucketSeconds={bucketSeconds}
                rows={latencyRows}
              />
            ),
          }}
        />
        {quiet && <div className={classes.quiet}>{sentence}</div>}
      </div>
    </section>
  );
}

const LATENCY = [
  { name: "latencyMsAverage", color: "var(--hl-accent)" },
  { name: "latencyMsMax", color: "var(--hl-wait)" },
] as const;

const throughputRows = (point: ActivityPoint): TipRow[] => [
  { label: "Received", value: formatCount(point.received), color: RECEIVED_COLOR },
  ...OUTCOMES.map((outcome) => ({
    label: OUTCOME_WORDS[outcome],
    value: formatCount(point[outcome]),
    color: OUTCOME_COLORS[outcome],
  })),
];

const latencyRows = (point: ActivityPoint): TipRow[] => [
  { label: "Average", value: orDash(point.latencyMsAverage), color: LATENCY[0].color },
  { label: "Slowest", value: orDash(point.latencyMsMax), color: LATENCY[1].color },
];

const orDash = (milliseconds: number | null | undefined): string =>
  typeof milliseconds === "number" ? formatDuration(milliseconds) : "–";

/** Keeps a chart's room while it is read. */
export function ChartSkeleton({ height = 180 }: { height?: number }) {
  return (
    <div className={classes.panel} role="status" aria-busy="true" aria-label="Loading">
      <Skeleton height={18} width={160} />
      <Skeleton height={height} />
    </div>
  );
}
