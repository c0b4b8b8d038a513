import { Tooltip } from "@mantine/core";
import classes from "./Sparkline.module.css";
import { sparklinePath, sparklineWords } from "./sparkline";

const WIDTH = 120;
const HEIGHT = 19;

interface SparklineProps {
  /** Events per minute, oldest first. */
  values: readonly number[];
  failed: number;
  rejected: number;
}

/** The last hour in one small picture, and in words. */
export function Sparkline({ values, failed, rejected }: SparklineProps) {
  const words = sparklineWords(values, failed, rejected);
  return (
    <Tooltip label={words}>
      <svg
        className={classes.spark}
        viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={words}
        data-bad={failed > 0 || undefined}
      >
        <path d={sparklinePath(values, WIDTH, HEIGHT)} />
      </svg>
    </Tooltip>
  );
}
