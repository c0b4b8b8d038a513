import classes from "./ActivityCharts.module.css";
import { type ActivityPoint, bucketLabel } from "./activity";

export interface TipRow {
  label: string;
  value: string;
  color: string;
}

/** What a chart says of the point that is pointed at: its exact time, and every number. */
export function ChartTip({
  point,
  bucketSeconds,
  rows,
}: {
  point: ActivityPoint | undefined;
  bucketSeconds: number;
  rows: (point: ActivityPoint) => TipRow[];
}) {
  if (!point) return null;
  return (
    <div className={classes.tip}>
      <p>{bucketLabel(point.at, bucketSeconds)}</p>
      {rows(point).map(({ label, value, color }) => (
        <div key={label} className={classes.tipRow}>
          <span className={classes.swatch} style={{ background: color }} />
          {label}
          <b>{value}</b>
        </div>
      ))}
    </div>
  );
}
