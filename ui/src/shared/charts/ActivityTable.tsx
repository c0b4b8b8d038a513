import { Table } from "@mantine/core";
import { formatCount, formatDuration } from "../format/numbers";
import { formatAbsolute } from "../format/times";
import classes from "./ActivityCharts.module.css";
import { type ActivityPoint, OUTCOME_WORDS, OUTCOMES } from "./activity";

/** The charts' numbers, newest first: what they show, for everyone who reads rather than looks. */
export function ActivityTable({
  points,
  words,
  maxHeight = 420,
}: {
  points: ActivityPoint[];
  /** "the last hour". */
  words: string;
  maxHeight?: number;
}) {
  const duration = (value: number | null | undefined) =>
    typeof value === "number" ? formatDuration(value) : "–";
  return (
    <section
      className={`${classes.panel} ${classes.table}`}
      style={{ maxHeight }}
      aria-label="Activity as a table"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
      tabIndex={0}
    >
      <Table stickyHeader captionSide="top" borderColor="var(--hl-border)">
        <Table.Caption ta="left">Throughput and latency of {words}, newest first</Table.Caption>
        <Table.Thead>
          <Table.Tr>
            <Table.Th scope="col">From</Table.Th>
            {["Received", ...OUTCOMES.map((outcome) => OUTCOME_WORDS[outcome]), "Average", "Slowest"].map(
              (name) => (
                <Table.Th key={name} scope="col" ta="right">
                  {name}
                </Table.Th>
              ),
            )}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {points.toReversed().map((point) => (
            <Table.Tr key={point.at}>
              <Table.Td>{formatAbsolute(point.at)}</Table.Td>
              <Table.Td ta="right">{formatCount(point.received)}</Table.Td>
              {OUTCOMES.map((outcome) => (
                <Table.Td key={outcome} ta="right">
                  {formatCount(point[outcome])}
                </Table.Td>
              ))}
              <Table.Td ta="right">{duration(point.latencyMsAverage)}</Table.Td>
              <Table.Td ta="right">{duration(point.latencyMsMax)}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </section>
  );
}
